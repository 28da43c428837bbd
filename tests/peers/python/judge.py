"""A pytest plugin (`-p judge`): the suite imports libhttpx when it says httpx, and each outcome is written down at once.

JUDGE_RESULTS is the file that gets a line of JSON when a test begins and one when it ended, so that a crash or a hang costs
one test and not the suite; what has ended there already is not run again. JUDGE_STOCK=1 leaves httpx as it is. A test that
takes longer than JUDGE_SECONDS ends the process, with the stacks of all threads on stderr.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import typing

import pytest

STOCK = os.environ.get("JUDGE_STOCK") == "1"
SECONDS = float(os.environ.get("JUDGE_SECONDS", "60"))
RESULTS = os.environ["JUDGE_RESULTS"]

if not STOCK:
    import libhttpx

    libhttpx.install_as_httpx(httpcore=True)


class Record:
    """The file of outcomes; of a test's three phases the worst one counts."""

    def __init__(self, path: str) -> None:
        self.ended: set[str] = set()
        self.outcomes: dict[str, tuple[str, str]] = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as lines:
                self.ended = {told["end"] for told in map(json.loads, lines) if "end" in told}
        self.file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open as long as the session

    def write(self, **told: str) -> None:
        self.file.write(json.dumps(told) + "\n")
        self.file.flush()

    def note(self, report: pytest.TestReport) -> None:
        outcome = "passed"
        if hasattr(report, "wasxfail"):
            outcome = "xfailed" if report.skipped else "xpassed"
        elif report.skipped:
            outcome = "skipped"
        elif report.failed:
            outcome = "failed"
        before = self.outcomes.get(report.nodeid, ("passed", ""))
        if before[0] == "passed" or outcome == "failed":
            self.outcomes[report.nodeid] = (outcome, reason(report) if outcome == "failed" else "")
        if report.when == "teardown":
            outcome, why = self.outcomes.pop(report.nodeid)
            self.write(end=report.nodeid, outcome=outcome, why=why)


def reason(report: typing.Any) -> str:
    """The line that says what went wrong."""
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = str(crash.message if crash else report.longrepr).strip().splitlines()
    return lines[0][:300] if lines else ""


record = Record(RESULTS)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    done = [item for item in items if item.nodeid in record.ended]
    if done:
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item.nodeid not in record.ended]


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed and f"{report.nodeid} (collection)" not in record.ended:
        record.write(end=f"{report.nodeid} (collection)", outcome="failed", why=reason(report))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> typing.Generator[None, typing.Any, typing.Any]:
    record.write(begin=item.nodeid)
    faulthandler.dump_traceback_later(SECONDS, exit=True, file=sys.__stderr__)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    record.note(report)


def pytest_sessionfinish() -> None:
    import httpx

    name = httpx.__name__
    if name != ("httpx" if STOCK else "libhttpx"):
        record.write(end="the module that was judged", outcome="failed", why=f"httpx is {name}")
