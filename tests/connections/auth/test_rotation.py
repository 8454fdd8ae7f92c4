from __future__ import annotations

from connections.auth.rotation import KeyRotation
from connections.upstream import UpstreamKey

A, B, C = (UpstreamKey(id=name, secret=name) for name in "abc")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def order(rotation: KeyRotation) -> str:
    return "".join(key.id for key in rotation.in_turn())


def test_each_request_begins_with_the_next_key() -> None:
    rotation = KeyRotation((A, B, C))
    assert [order(rotation) for _ in range(4)] == ["abc", "bca", "cab", "abc"]


def test_one_key_is_always_there() -> None:
    rotation = KeyRotation((A,))
    rotation.step_back(A)
    assert [order(rotation) for _ in range(2)] == ["a", "a"]


def test_a_key_that_stepped_back_comes_last_for_as_long_as_was_asked() -> None:
    clock = Clock()
    rotation = KeyRotation((A, B), clock)
    rotation.step_back(A, 5)
    assert [order(rotation) for _ in range(2)] == ["ba", "ba"]
    clock.now += 5
    assert [order(rotation) for _ in range(2)] == ["ab", "ba"]


def test_no_upstream_can_put_a_key_away_for_good() -> None:
    clock = Clock()
    rotation = KeyRotation((A, B), clock)
    rotation.step_back(A, float("inf"))
    clock.now += 600
    assert order(rotation) == "ab"
