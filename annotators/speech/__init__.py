"""Who speaks when, and what is said."""
