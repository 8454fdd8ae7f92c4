import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience.affinity import affinity_key, by_affinity
from resilience.route import RouteTarget
from resilience.states import States
from tests.resilience.clocks import Clock, never

TARGETS = [RouteTarget(connection_id=n, model="m") for n in range(4)]
LONG = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": [{"type": "text", "text": "x" * 5000}]},
    ],
}


def homes(states, targets, keys):
    return {key: by_affinity(targets, states, key)[0].key for key in keys}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"x-gateway-session": "s"}, {"prompt_cache_key": "other"}),
        ({"x-gatehouse-session": "s"}, {"prompt_cache_key": "other"}),
        ({}, {"prompt_cache_key": "s", "metadata": {"session_id": "other"}}),
        ({}, {"metadata": {"session_id": "s", "user_id": "other"}}),
        ({}, {"metadata": {"user_id": "s"}}),
        ({"x-gateway-session": ""}, {"prompt_cache_key": 7, "metadata": {"user_id": "s"}}),
    ],
)
def test_the_first_name_of_a_session_counts(headers, body):
    assert affinity_key(headers, body, 10) == affinity_key({"x-gateway-session": "s"}, {}, 10)


@pytest.mark.parametrize("body", [{}, {"metadata": "s"}, {"metadata": None, "messages": "x"}])
def test_short_requests_without_a_session_have_no_key(body):
    assert affinity_key({}, body, 4096) == b""


def test_long_requests_are_known_by_what_they_begin_with():
    later = LONG | {"messages": [*LONG["messages"], {"role": "assistant", "content": "y"}]}
    assert affinity_key({}, LONG, 5000) == affinity_key({}, later, 9000) != b""


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "n"},
        {"tools": [{"name": "f"}]},
        {"system": "Rhyme."},
        {"instructions": "Rhyme."},
        {"messages": [{"role": "user", "content": "z" * 5000}]},
        {"messages": None, "input": "z" * 5000},
    ],
)
def test_what_a_prompt_begins_with_tells_conversations_apart(changed):
    assert affinity_key({}, LONG | changed, 5000) != affinity_key({}, LONG, 5000)


def test_what_follows_the_first_4096_characters_is_not_looked_at():
    one, other = ({"model": "m", "input": "x" * 4096 + end} for end in "ab")
    assert affinity_key({}, one, 5000) == affinity_key({}, other, 5000)


def test_texts_that_are_no_unicode_have_a_key():
    assert affinity_key({}, {"prompt_cache_key": "\ud800"}, 10) != b""


@given(gone=st.integers(0, 3), keys=st.sets(st.binary(min_size=1, max_size=16), max_size=40))
def test_only_the_keys_of_a_target_that_went_move(gone, keys):
    states = States(Clock(), never)
    before = homes(states, TARGETS, keys)
    after = homes(states, [each for each in TARGETS if each.connection_id != gone], keys)
    assert all(after[key] == home for key, home in before.items() if home[0] != gone)


def test_targets_get_conversations_by_weight():
    states = States(Clock(), never)
    targets = [RouteTarget(connection_id=n, model="m", weight=n) for n in range(4)]
    counted = Counter(by_affinity(targets, states, b"%d" % n)[0].weight for n in range(6000))
    assert counted[0] == 0
    for weight in (1, 2, 3):
        assert counted[weight] == pytest.approx(1000 * weight, rel=0.15)


@given(keys=st.lists(st.binary(max_size=4), max_size=60))
def test_no_target_has_more_in_flight_than_its_share_and_a_quarter(keys):
    states = States(Clock(), never)
    for asked, key in enumerate(keys, start=1):
        states.of(by_affinity(TARGETS, states, key)[0].key).begin()
        most = math.ceil(1.25 * asked / len(TARGETS))
        assert max(states.of(each.key).in_flight for each in TARGETS) <= most


def test_one_conversation_stays_for_50_turns_and_moves_once():
    states = States(Clock(), never)
    first = [by_affinity(TARGETS, states, b"s")[0].key for _ in range(50)]
    assert len(set(first)) == 1
    left = [each for each in TARGETS if each.key != first[0]]
    assert len({by_affinity(left, states, b"s")[0].key for _ in range(50)}) == 1
