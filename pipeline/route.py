"""`python -m pipeline.route`: see `pipeline.explain`."""

import sys

from pipeline.explain import main

if __name__ == "__main__":
    sys.exit(main())
