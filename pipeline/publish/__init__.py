"""A version on the Hub: what may leave, what must not, and how it gets there.

Tested elsewhere: `hub` in tests/pipeline/publish/test_command.py, against a Hub on loopback that fails at any request.
Tested elsewhere: `leaks` in tests/pipeline/publish/test_selection.py, planted anywhere in a version.
"""
