"""Who says it: one file per annotator, in the room of what it looks at."""
