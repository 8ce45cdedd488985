"""The dataset card and the Croissant file of a version, from counted facts only.

Tested elsewhere: `croissant_fields` in tests/pipeline/card/test_croissant.py, in the file that they are fields of.
Tested elsewhere: `markdown` in tests/pipeline/card/test_card_hostile.py, on hostile texts.
Tested elsewhere: `rai` in tests/pipeline/card/test_croissant.py, number by number against the rows.
"""
