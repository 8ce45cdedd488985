"""`python -m pipeline.takedown`: see `pipeline.takedown.command`."""

import sys

from pipeline.takedown.command import main

if __name__ == "__main__":
    sys.exit(main())
