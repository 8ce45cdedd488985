"""What a version on disk says: its manifest, its rows, its dead letters, and the facts that it states."""
