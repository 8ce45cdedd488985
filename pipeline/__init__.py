"""How it flows, in rooms along the data's way: the only package that imports Beam.

Tested elsewhere: `route` in tests/test_doors.py, as the address that it keeps for `pipeline.explain`.
"""
