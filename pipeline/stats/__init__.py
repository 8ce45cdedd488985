"""What a version says as a whole, counted in its rows.

Tested elsewhere: `collect` in tests/pipeline/stats/test_recount.py, where the whole of it is counted twice.
Tested elsewhere: `counting` in tests/pipeline/card/test_card.py, number by number against the rows.
Tested elsewhere: `credits` in tests/pipeline/card/test_card.py, with the models of real plans.
Tested elsewhere: `facts` in tests/pipeline/card/test_card.py, as what the card says.
"""
