"""Model files: which there are (`models.toml`), where they are to be had, and the cache that holds them by hash.

Tested elsewhere: `arguments` in tests/pipeline/test_affectory.py, where all command lines are measured together.
"""
