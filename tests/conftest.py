"""In CI nothing is skipped but for data that must not be handed on, and examples are the same in every run."""

import os

import pytest
from hypothesis import settings

from tests.research import ABSENT

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("user", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "user")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get("CI") and ABSENT not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report
