"""Who says it: one file per annotator, in the room of what it looks at.

Tested elsewhere: `registry` in tests/annotators/test_annotator.py, with every annotator that is registered.
"""
