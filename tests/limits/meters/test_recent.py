from __future__ import annotations

from limits.meters.recent import Recent


def test_names_are_forgotten_after_their_time():
    recent: Recent[str] = Recent(10.0)
    recent.add("a", 0.0)
    recent.add("b", 5.0)
    recent.forget_old(10.0)
    assert "a" in recent
    recent.forget_old(12.0)
    assert "a" not in recent
    assert "b" in recent
    assert len(recent) == 1


def test_a_name_is_removed_once():
    recent: Recent[str] = Recent(10.0)
    recent.add("a", 0.0)
    assert [recent.remove("a"), recent.remove("a")] == [True, False]
