"""How many unknown keys an address may present."""

from accounts.look_ups import BURST, MISSES_PER_SECOND, MOST_ADDRESSES, Misses


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def exhausted(clock):
    misses = Misses(clock)
    for _ in range(int(BURST)):
        assert misses.take("a")
    return misses


def test_an_address_has_room_for_a_few_and_earns_more():
    clock = Clock()
    misses = exhausted(clock)
    assert not misses.take("a")
    assert misses.take("b")
    clock.now = 1 / MISSES_PER_SECOND
    assert misses.take("a")
    assert not misses.take("a")


def test_known_keys_cost_nothing():
    misses = exhausted(Clock())
    misses.give_back("a")
    assert misses.take("a")
    assert not misses.take("a")


def test_looks_of_the_gateway_itself_are_not_counted():
    misses = Misses()
    assert all(misses.take("") for _ in range(int(BURST) * 2))


def test_only_so_many_addresses_are_remembered():
    misses = exhausted(Clock())
    for number in range(MOST_ADDRESSES + 1):
        misses.take(str(number))
    assert misses.take("a")  # of which nothing is known any more
