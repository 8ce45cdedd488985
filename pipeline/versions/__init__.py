"""What versions there are, if they are whole, and what differs between two."""
