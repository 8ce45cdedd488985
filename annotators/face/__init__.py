"""Faces: where they are, whose they are, what they do and show, and which of them speaks."""
