"""How it flows: the only package that imports Beam."""
