"""`python -m annotators.models`: see `annotators.models.command`."""

import sys

from annotators.models.command import main

if __name__ == "__main__":
    sys.exit(main())
