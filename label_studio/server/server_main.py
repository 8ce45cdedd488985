"""Runs inside the server's own environment, by path: `python -I server_main.py [ARGUMENTS OF label-studio]`.

Label Studio's package has the name of ours: isolated mode keeps ours, the working folder and PYTHONPATH off its path.
"""

import os
import runpy
import sys
import threading

TIED = "AFFECTORY_TIED"
"""Set where standard input is a pipe from whoever started the server: the server ends when that ends, however it does."""


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    if os.environ.pop(TIED, None):
        threading.Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module("label_studio.server", run_name="__main__", alter_sys=True)
