"""What belongs together, which scenes are copies, and which split each source goes to."""
