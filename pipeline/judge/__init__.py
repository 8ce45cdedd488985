"""How sure the evidence is, where a clip goes, and what answers teach about both; pure.

Tested elsewhere: `assess` in tests/pipeline/judge/test_route.py, since a route is what an assessment is for.
Tested elsewhere: `temperature` in tests/pipeline/judge/test_learning.py, on answers planted for it and the threshold.
Tested elsewhere: `threshold` in tests/pipeline/judge/test_learning.py, on answers planted for it and the temperatures.
"""
