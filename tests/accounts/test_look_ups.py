"""Who may present unknown keys, and how many."""

import pytest

from accounts.look_ups import BURST, MISSES_PER_SECOND, MOST_ADDRESSES, Misses, network_of


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def exhausted(clock):
    misses = Misses(clock)
    for _ in range(int(BURST)):
        assert misses.has_room("a")
        misses.note("a")
    return misses


def test_an_address_has_room_for_a_few_and_earns_more():
    clock = Clock()
    misses = exhausted(clock)
    assert not misses.has_room("a")
    assert misses.has_room("b")
    clock.now = 1 / MISSES_PER_SECOND
    assert misses.has_room("a")


def test_looks_of_the_gateway_itself_are_not_counted():
    misses = Misses()
    for _ in range(int(BURST) * 2):
        misses.note("")
    assert misses.has_room("")


def test_only_so_many_addresses_are_remembered():
    misses = exhausted(Clock())
    for number in range(MOST_ADDRESSES + 1):
        misses.note(str(number))
    assert len(misses._buckets) == MOST_ADDRESSES


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_what_one_client_is_given_counts_as_one(address, network):
    assert network_of(address) == network
