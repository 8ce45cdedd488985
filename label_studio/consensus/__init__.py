"""What people together say: agreement, whom to believe, and decisions; pure."""
