"""`python -m pipeline.versions`: see `pipeline.versions.command`."""

import sys

from pipeline.versions.command import main

if __name__ == "__main__":
    sys.exit(main())
