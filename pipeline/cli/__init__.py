"""What the commands have in common.

Tested elsewhere: `arguments` in tests/pipeline/test_affectory.py, where all command lines are measured together.
"""
