"""Faces: where they are, whose they are, what they do and show, and which of them speaks.

Tested elsewhere: `target` in tests/annotators/face/test_labels_face_expression.py, whose labels hang on when the target talks.
"""
