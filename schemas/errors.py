"""Every error that Affectory raises on purpose, in one tree.

AffectoryError
├── UsageError        the command or the plan cannot work: exit status 2, one line
│   └── ModelFileError   a model file is missing, corrupt or unpinned
├── LeakError         one person or scene would be in two splits: the build stops and no version is written
├── ItemError         this source or clip cannot be used: it becomes a dead letter, the rest goes on
├── BugError          an annotator fails on this record as it must not: it is put aside until it is asked for again
└── TransientError    the world failed (network, full disk, lock): try again, then stop the build
    └── StoppedError     it ended the work on this record (out of memory, a signal): try again, then park the record

Anything else that is raised is a bug of ours and stops the build.
"""

import difflib
from collections.abc import Iterable


def printable(text: str) -> str:
    """Return a text with every sign that does not print, but for line breaks, spelt out: names may be hostile to a terminal."""
    return "".join(sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode() for sign in text)


def did_you_mean(said: str, known: Iterable[str]) -> str:
    """Return what ends a message about a name that is not known: the nearest one that is, or nothing."""
    near = difflib.get_close_matches(said, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


class AffectoryError(Exception):
    """Base of every error raised on purpose; its text can be shown anywhere."""

    def __str__(self) -> str:
        """Return the message, printable."""
        return printable(super().__str__())


class UsageError(AffectoryError):
    """The command line, the plan or the installation cannot work; the message says what to do."""


class ModelFileError(UsageError):
    """A model file is missing, corrupt or unpinned; the message holds the command that mends it."""


class LeakError(AffectoryError):
    """What belongs together would be in two splits; a bug in how splits are made, which must never reach a version."""


class ItemError(AffectoryError):
    """One record cannot be used; the message is the reason that a person reads in its dead letter."""


class BugError(AffectoryError):
    """An annotator crashed, hung, took too much memory, raised or answered what it must not; twice, the second time alone."""

    def __init__(self, says: str, trace: str = "", *, certain: bool = False) -> None:
        super().__init__(says)
        self.trace = trace
        """Where it was raised, for whoever mends it; empty where nothing was raised."""
        self.certain = certain
        """Whether it did so twice already."""


class TransientError(AffectoryError):
    """Something outside failed and may work later."""


class StoppedError(TransientError):
    """The system ended what worked on one record: a later build tries again, and meanwhile the rest goes on."""
