"""Model files: which there are (`models.toml`), where they are to be had, and the cache that holds them by hash.

Tested elsewhere: `arguments` in tests/pipeline/test_affectory.py, where all command lines are measured together.
Tested elsewhere: `catalog` in tests/annotators/models/test_local.py, with the files that the table pins.
Tested elsewhere: `command` in tests/annotators/models/test_local.py, over a cache with right and wrong files.
Tested elsewhere: `download` in tests/annotators/models/test_packages.py, from an index on loopback that fails in every way.
Tested elsewhere: `mirrors` in tests/annotators/models/test_local.py, as the order in which they are asked.
"""
