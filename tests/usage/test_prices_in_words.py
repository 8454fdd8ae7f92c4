"""What targets cost, in words."""

from datetime import UTC, datetime

import pytest

from connections.models import Connection
from tests.support.builders import an_upstream, the_targets
from usage.models import Price
from usage.prices_in_words import prices_of

pytestmark = pytest.mark.django_db


def test_prices_are_told_with_their_units(django_assert_num_queries):
    Connection.objects.create(name="one", base_url="https://one.example/v1")
    past = datetime(2026, 1, 1, tzinfo=UTC)
    Price.objects.create(model="gpt*", input_per_million=3, output_per_million=15, valid_from=past)
    Price.objects.create(model="tts", per_million_characters="0.5", valid_from=past)
    targets = the_targets(an_upstream("one"), "gpt-x", "tts", "unheard-of")
    with django_assert_num_queries(2):
        chat, speech, unknown = prices_of(targets)
    assert chat.in_words == "$3 per million input tokens, $15 per million output tokens"
    assert speech.in_words == "$0.5 per million letters"
    assert chat.usual > speech.usual
    assert unknown is None


def test_a_connection_that_costs_nothing_has_a_price():
    (price,) = prices_of(the_targets(an_upstream("lab", costs_nothing=True), "any"))
    assert (price.usual, price.in_words) == (0.0, "nothing")
