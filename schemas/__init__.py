"""What we say: records, claims and provenance, and the Arrow schema derived from them.

Tested elsewhere: `claims` in tests/schemas/test_record.py, as columns of the rows of each product.
Tested elsewhere: `meta` in tests/schemas/test_table.py, as what a reader is told of a field.
"""
