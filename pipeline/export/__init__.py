"""Other forms of a version: what a format asks for, made out of the clips that may leave, beside a note of what was left out."""
