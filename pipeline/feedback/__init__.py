"""What people answered, brought back into clips and settings."""
