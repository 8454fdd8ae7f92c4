from collections.abc import Iterator

import pytest

from gateway_project.settings import findings


@pytest.fixture
def found() -> Iterator[object]:
    """``gateway_project.settings.findings`` with nothing in it, for one test."""
    before = findings.problems.copy(), findings.mended.copy()
    findings.problems.clear()
    findings.mended.clear()
    yield findings
    for current, former in zip((findings.problems, findings.mended), before, strict=True):
        current.clear()
        current.update(former)
