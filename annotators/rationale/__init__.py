"""Explanations that cite cues: what they must hold, and who writes them."""
