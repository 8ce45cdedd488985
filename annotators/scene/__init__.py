"""What a source looks and sounds like as a whole: its shots, and fingerprints by which it is known again."""
