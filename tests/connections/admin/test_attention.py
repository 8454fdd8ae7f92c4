"""One summary of what needs a person, and the bars of a day."""

from __future__ import annotations

from django.utils import timezone

from connections.admin.attention import attention_of
from connections.admin.from_above import ConnectionFigures, HourOfTraffic
from connections.admin.tracker import tracker
from connections.health.state import ConnectionState, Kind

NOW = timezone.now()


def a_state(name: str, kind: Kind, label: str) -> ConnectionState:
    return ConnectionState(connection_id=1, name=name, kind=kind, label=label, now=NOW)


def test_causes_are_told_together_with_the_names_behind_them() -> None:
    states = [
        a_state("a", Kind.KEY_REFUSED, "key refused"),
        a_state("b", Kind.WORKS, "works"),
        a_state("c", Kind.PORT_REFUSED, "port refused"),
        a_state("d", Kind.KEY_REFUSED, "key refused"),
        a_state("e", Kind.RATE_LIMITED, "rate limited"),
    ]
    found = attention_of(states, 5)
    assert found is not None
    assert (
        found.line == "3 of 5 enabled connections need you: key refused (a, d), port refused (c)."
    )
    assert [state.name for state in found.states] == ["a", "c", "d"]


def test_many_of_one_cause_are_counted() -> None:
    states = [a_state(f"c{n}", Kind.KEY_REFUSED, "key refused") for n in range(7)]
    found = attention_of(states, 7)
    assert found is not None
    assert "key refused (c0, c1, c2, c3, c4 and 2 more)." in found.line


def test_nothing_is_said_while_all_is_well() -> None:
    assert attention_of([a_state("a", Kind.WORKS, "works")], 1) is None


def test_an_hour_is_coloured_by_its_share_of_failures() -> None:
    hours = [
        HourOfTraffic(label="12:00"),
        HourOfTraffic(label="13:00", requests=100),
        HourOfTraffic(label="14:00", requests=100, failed=10),
        HourOfTraffic(label="15:00", requests=100, failed=11),
    ]
    drawn = tracker(ConnectionFigures(hours=hours, requests=300, failed=21))
    classes = [part.partition('"')[0] for part in drawn.split('class="hour-')[1:]]
    assert classes == ["none", "fine", "some", "bad"]
    assert 'aria-label="Last 24 hours: 300 requests, 21 failed"' in drawn
    assert "<title>15:00: 100 requests, 11 failed</title>" in drawn


def test_a_connection_without_requests_has_no_bars() -> None:
    assert "no requests" in tracker(ConnectionFigures())
