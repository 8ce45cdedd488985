"""A version without some of its clips, and a list that keeps them out."""
