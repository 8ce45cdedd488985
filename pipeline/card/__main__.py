"""`python -m pipeline.card`: see `pipeline.card.card`."""

import sys

from pipeline.card.card import main

if __name__ == "__main__":
    sys.exit(main())
