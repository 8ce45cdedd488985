"""`python -m pipeline.export`: see `pipeline.export.command`."""

import sys

from pipeline.export.command import main

if __name__ == "__main__":
    sys.exit(main())
