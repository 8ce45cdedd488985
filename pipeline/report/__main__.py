"""`python -m pipeline.report`: see `pipeline.report.page`."""

import sys

from pipeline.report.page import main

if __name__ == "__main__":
    sys.exit(main())
