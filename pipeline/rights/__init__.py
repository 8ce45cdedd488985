"""What must stay out and what may leave: withdrawals, licence and consent.

Tested elsewhere: `terms` in tests/pipeline/publish/test_selection.py, as what may leave and what may not.
"""
