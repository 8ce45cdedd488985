"""How it flows, in rooms along the data's way: the only package that imports Beam."""
