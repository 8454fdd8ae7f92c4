"""A pytest plugin, loaded before pytest-django reads the settings (``-p`` in pyproject.toml)."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from typing import Any

import hypothesis
import pytest
from django.conf import settings

from tests.support import parts

if settings.configured:
    raise RuntimeError("Django read its settings before the services of this run were chosen")

# How long one example takes is a matter of how busy the machine is.
EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "25"))
hypothesis.settings.register_profile("suite", deadline=None, max_examples=EXAMPLES)
hypothesis.settings.load_profile("suite")

SERVICES = parts.find_services()
parts.use(SERVICES)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect 19,000 tests without looking for garbage among them, then or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["parts"] = sorted(parts.used)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Gather from a process that shared the tests what was real there."""
    parts.used.update(getattr(node, "workeroutput", {}).get("parts", ()))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        parts.count_skip(report.longrepr[2])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> Generator[None, object, object]:
    """Say what was real, as the last line before pytest's own."""
    result = yield
    terminalreporter.write_line(parts.summary(SERVICES))
    return result
