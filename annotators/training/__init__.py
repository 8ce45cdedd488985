"""Commands that train the small heads that ship in `annotators/heads`.

Tested elsewhere: `face_expression` in tests/annotators/face/test_expression_net.py, with the net that it writes.
Tested elsewhere: `logistic` in tests/annotators/training/test_voice_emodb.py, with the head that it fits.
"""
