"""What a version on disk says: its manifest, its rows, its dead letters, and the facts that it states.

Tested elsewhere: `review_facts` in tests/label_studio/consensus/test_facts.py, where they are counted; they hold no code.
Tested elsewhere: `split_facts` in tests/pipeline/split/test_grouping.py, where they are counted; they hold no code.
"""
