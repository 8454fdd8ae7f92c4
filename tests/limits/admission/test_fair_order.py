from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limits.admission.fair_order import FairOrder, Place, Priority

PLACES = st.builds(
    Place, st.sampled_from("abc"), st.sampled_from(list(Priority)), st.integers(-5, 10**9)
)


def order_of(*places: Place) -> FairOrder[tuple[int, Place]]:
    order: FairOrder[tuple[int, Place]] = FairOrder()
    for number, place in enumerate(places):
        order.add((number, place), place)
    return order


def picked(order: FairOrder[tuple[int, Place]], number: int) -> list[Place]:
    return [order.pick()[1] for _ in range(number)]


def test_a_key_is_served_in_the_order_of_its_requests():
    order = order_of(*[Place("a")] * 5)
    assert [order.pick()[0] for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_greedy_key_and_a_modest_one_take_turns():
    order = order_of(*[Place("greedy")] * 100, *[Place("modest")] * 3)
    keys = [place.key for place in picked(order, 8)]
    assert keys[:6].count("modest") == 3
    assert keys[6:] == ["greedy", "greedy"]


def test_a_key_that_comes_last_is_served_among_the_next_two():
    order = order_of(*[Place("greedy")] * 100)
    picked(order, 10)
    late = Place("late")
    order.add((999, late), late)
    assert late in picked(order, 2)


def test_keys_get_equal_cost_and_not_equal_numbers():
    order = order_of(*[Place("large", cost=4)] * 50, *[Place("small", cost=1)] * 200)
    counts = Counter(place.key for place in picked(order, 100))
    assert counts["small"] == pytest.approx(4 * counts["large"], abs=4)


def test_classes_are_served_as_4_2_1():
    order = order_of(*[Place("a", priority) for priority in Priority for _ in range(100)])
    counts = Counter(place.priority for place in picked(order, 70))
    assert counts == {Priority.INTERACTIVE: 40, Priority.NORMAL: 20, Priority.BATCH: 10}


def test_batch_never_waits_for_more_than_six_others():
    order = order_of(*[Place("a", priority) for priority in Priority for _ in range(100)])
    classes = [place.priority for place in picked(order, 140)]
    batches = [at for at, one in enumerate(classes) if one is Priority.BATCH]
    gaps = [later - earlier for earlier, later in pairwise(batches)]
    assert batches[0] <= 6
    assert max(gaps) <= 7


def test_a_class_alone_is_served_at_once():
    assert picked(order_of(Place("a", Priority.BATCH, cost=16)), 1) == [
        Place("a", Priority.BATCH, cost=16)
    ]


def test_what_left_is_not_picked():
    order = order_of(Place("a"), Place("a"), Place("b"))
    order.remove((0, Place("a")), Place("a"))
    order.remove((2, Place("b")), Place("b"))
    assert len(order) == 1
    assert order.pick() == (1, Place("a"))
    with pytest.raises(StopIteration):
        order.pick()


@given(places=st.lists(PLACES, max_size=60), leaving=st.sets(st.integers(0, 59)))
def test_each_that_stays_is_picked_exactly_once(places, leaving):
    order = order_of(*places)
    for number, place in enumerate(places):
        if number in leaving:
            order.remove((number, place), place)
    found = [order.pick()[0] for _ in range(len(order))]
    assert sorted(found) == [n for n in range(len(places)) if n not in leaving]
    for key, priority in {(place.key, place.priority) for place in places}:
        own = [n for n in found if places[n][:2] == (key, priority)]
        assert own == sorted(own)
