"""What models cost, told by a room above."""

from models_registry.known_prices import KnownPrice, KnownPrices
from tests.support.builders import an_upstream, the_targets

TARGETS = the_targets(an_upstream("one"), "cheap", "dear", "unknown")


def test_nothing_is_known_before_something_is_registered():
    prices = KnownPrices()
    assert prices.of(TARGETS) == [None, None, None]
    assert prices.dearest(TARGETS) is None


def test_the_dearest_is_found_among_those_that_are_known():
    prices = KnownPrices()
    known = {"cheap": 1.0, "dear": 2.0}
    prices.register(
        lambda targets: [
            KnownPrice(usual=known[each.model], in_words=f"${known[each.model]}")
            if each.model in known
            else None
            for each in targets
        ]
    )
    target, price = prices.dearest(TARGETS)
    assert (target.model, price.in_words) == ("dear", "$2.0")
    assert prices.dearest([]) is None
