from __future__ import annotations

from limits.meters.recent import Recent


def test_names_are_forgotten_after_their_time():
    recent: Recent[str] = Recent(10.0, 5)
    recent["a"] = 0.0
    recent["b"] = 5.0
    recent.forget_old(10.0)
    assert "a" in recent
    recent.forget_old(12.0)
    assert "a" not in recent
    assert "b" in recent
    assert len(recent) == 1


def test_of_many_names_the_latest_are_kept():
    recent: Recent[int] = Recent(10.0, 4)
    for number in range(9):
        recent[number] = 1.0
    recent.forget_old(2.0)
    assert list(recent) == [5, 6, 7, 8]
