"""A version without some of its clips, and a list that keeps them out.

Tested elsewhere: `removal` in tests/pipeline/takedown/test_command.py, as the version that is left.
"""
