from __future__ import annotations

import logging

import pytest

from infrastructure import seldom
from infrastructure.seldom import REST_SECONDS, SeldomLog


@pytest.fixture
def log() -> tuple[SeldomLog, list[float]]:
    """A log, and its clock as a list of one moment."""
    now = [0.0]
    return SeldomLog(logging.getLogger("seldom"), lambda: now[0]), now


def test_a_line_is_written_once_in_a_while(log, caplog):
    lines, now = log
    for line in ("one", "one", "two", "one"):
        lines.warn(line)
    now[0] += REST_SECONDS
    lines.warn("one")
    lines.warn("two")
    assert caplog.messages == ["one", "two", "one (and 2 times before)", "two"]


def test_no_more_lines_are_remembered_than_there_is_room_for(log, caplog, monkeypatch):
    monkeypatch.setattr(seldom, "MOST_LINES", 2)
    lines, _ = log
    for line in ("one", "two", "three", "one"):
        lines.warn(line)
    assert caplog.messages == ["one", "two", "three", "one"]
