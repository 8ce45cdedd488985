"""Who says it: one file per annotator; media.py is the only decoder."""
