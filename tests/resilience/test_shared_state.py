from __future__ import annotations

from dataclasses import replace

import pytest

from connections.upstream import UpstreamKey
from resilience.shared_state import SharedState, State, fingerprint, loads

KEY = UpstreamKey(id="1", secret="sk-upstream-0123456789abcdef", hint="…cdef")
COOLING = SharedState(
    connection=7, key="b3", model="gpt-4o", state=State.COOLING, ends_at=1.5, reason="429"
)


def test_what_is_written_can_be_read() -> None:
    for state in (COOLING, replace(COOLING, key=""), replace(COOLING, model=None)):
        assert loads(state.dumps()) == state


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        COOLING.dumps().replace("cooling", "asleep"),
        COOLING.dumps().replace("1.5", "NaN"),
        COOLING.dumps().replace("7", '"7"'),
        COOLING.dumps().replace("1.5", "1" + "0" * 400),
        COOLING.dumps().replace("gpt-4o", "\\ud800"),
        COOLING.dumps().replace("429", "\\n"),
        COOLING.dumps().replace("gpt-4o", "m" * 20_000),
    ],
    ids=lambda text: str(text[:12]),
)
def test_anything_else_is_none(text) -> None:
    assert loads(text) is None


def test_a_fingerprint_changes_with_the_secret_and_does_not_tell_it() -> None:
    name = fingerprint(KEY)
    assert name == fingerprint(replace(KEY, weight=2))
    assert name != fingerprint(replace(KEY, secret="sk-new"))
    assert "sk-" not in name


def test_a_key_has_a_place_for_each_model_and_they_begin_alike() -> None:
    places = {replace(COOLING, model=model).place for model in ("gpt-4o", "", "*", None)}
    assert len(places) == 4
    assert all(place.startswith(COOLING.owner) for place in places)


def test_a_target_has_one_place() -> None:
    target = replace(COOLING, key="")
    assert target.place == target.owner != COOLING.place
