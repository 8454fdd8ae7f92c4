from __future__ import annotations

from connections.auth.key_rests import KeyRests, Rest
from connections.auth.key_states import KeyState


def cooling(until: float) -> Rest:
    return Rest(until=until, state=KeyState.COOLING, reason="429")


def dead(until: float) -> Rest:
    return Rest(until=until, state=KeyState.DEAD, reason="401")


def test_a_key_rests_for_a_model_or_for_every_one() -> None:
    rests = KeyRests()
    rests.put("a", "m", cooling(9.0))
    rests.put("a", None, cooling(5.0))
    assert [rests.until("a", model) for model in ("m", "n")] == [9.0, 5.0]
    assert rests.until("b", "m") == 0


def test_coolings_are_forgotten_and_the_dead_are_not() -> None:
    rests = KeyRests()
    rests.put("a", "m", cooling(5.0))
    rests.put("a", "n", cooling(7.0))
    rests.put("b", None, dead(5.0))
    rests.drop_ended(6.0)
    assert [rests.of("a", "m"), rests.until("a", "n"), rests.until("b", "m")] == [None, 7.0, 5.0]
    rests.drop_ended(7.0)
    assert rests.of("a", "n") is None
    assert rests


def test_one_rest_ends_and_the_others_stay() -> None:
    rests = KeyRests()
    rests.put("a", None, dead(5.0))
    rests.put("a", "m", cooling(7.0))
    rests.drop("a", None)
    assert [model for model, _ in rests.each("a")] == ["m"]


def test_a_trial_keeps_others_away_from_a_dead_key() -> None:
    rests = KeyRests()
    rests.put("a", None, dead(5.0))
    rests.begin_trial("a", 5.0)
    rests.begin_trial("b", 5.0)
    assert [rests.until("a", "m"), rests.until("b", "m")] == [35.0, 0.0]


def test_what_is_taken_over_is_a_copy() -> None:
    rests, earlier = KeyRests(), KeyRests()
    earlier.put("a", None, dead(5.0))
    rests.take_over("a", earlier)
    earlier.begin_trial("a", 5.0)
    assert rests.until("a", "m") == 5.0


def test_all_rests_of_a_key_end_at_once() -> None:
    rests = KeyRests()
    rests.put("a", "m", cooling(5.0))
    rests.put("a", None, dead(5.0))
    assert [rests.forget("a"), rests.forget("a"), bool(rests)] == [True, False, False]
