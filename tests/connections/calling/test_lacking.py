"""What a connection was found to lack."""

import pytest

from connections.calling import lacking
from connections.calling.lacking import REMEMBERED_SECONDS, LackingEndpoints


def test_only_what_was_noted_is_missing():
    known = LackingEndpoints()
    known.note("responses")
    assert "responses" in known
    assert "embeddings" not in known


def test_it_is_asked_for_again_one_day(monkeypatch: pytest.MonkeyPatch):
    known = LackingEndpoints()
    known.note("responses")
    now = lacking.time.monotonic()
    monkeypatch.setattr(lacking.time, "monotonic", lambda: now + REMEMBERED_SECONDS + 1)
    assert "responses" not in known
