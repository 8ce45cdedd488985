"""The dataset card and the Croissant file of a version, from counted facts only."""
