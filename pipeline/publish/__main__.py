"""`python -m pipeline.publish`: see `pipeline.publish.command`."""

import sys

from pipeline.publish.command import main

if __name__ == "__main__":
    sys.exit(main())
