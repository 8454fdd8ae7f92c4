from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connections.models import Connection
from tests.usage.records import a_record
from usage.costs import cost_of
from usage.models import Price, UsageRow
from usage.pricing import Pricing
from usage.pruning import prune
from usage.reports import By, report
from usage.storing import store

OPENAI = {"openai": "https://api.openai.com/v1", "local": "http://127.0.0.1:8001/v1"}
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
JULY = datetime(2026, 7, 1, tzinfo=UTC)


def an_override(model, rate, **fields):
    return Price.objects.create(model=model, per_request=rate, valid_from=JUNE, **fields)


def price_of(**fields):
    record = a_record(accepted_at=JULY.timestamp(), **fields)
    return Pricing(Price.objects.overrides(), OPENAI).price_of(record)


@pytest.mark.django_db
def test_the_bundled_list_knows_openai():
    price = price_of()
    assert (price.source, price.model) == ("bundled", "openai/gpt-4o")
    assert cost_of(a_record(cached_tokens=400), price) == Decimal("0.0030")


@pytest.mark.django_db
def test_openai_behind_another_host_has_an_estimated_price():
    urls = {"openai": "https://llm.corp.example/v1"}
    pricing = Pricing([], urls, of_openai=["openai"])
    first, again = (
        pricing.price_of(a_record()),
        Pricing([], urls, of_openai=["openai"]).price_of(a_record()),
    )
    assert (first.source, first.model, str(first).endswith("an estimate)")) == (
        "estimate",
        "openai/gpt-4o",
        True,
    )
    assert first.pk == again.pk
    assert Pricing([], urls).price_of(a_record()) is None
    known_host = {"openai": "https://api.groq.com/openai/v1"}
    assert Pricing([], known_host, of_openai=["openai"]).price_of(a_record()) is None


@pytest.mark.django_db
def test_estimated_requests_are_counted_as_such():
    Connection.objects.create(
        name="openai", provider="openai", base_url="https://llm.corp.example/v1"
    )
    store([a_record(accepted_at=datetime(2026, 1, 2, tzinfo=UTC).timestamp())])
    for _ in ("row", "total"):
        [line] = report(By.MODEL, since=datetime(2026, 1, 1, tzinfo=UTC), until=JUNE)
        assert (line.estimated, line.unpriced) == (1, 0)
        prune(timedelta(days=30))


@pytest.mark.django_db
def test_a_bundled_price_is_kept_once():
    assert price_of().pk == price_of().pk
    assert Price.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("https://api.groq.com/openai/v1", {"upstream_model": "whisper-large-v3-turbo"}),
        ("https://openrouter.ai/api/v1", {"upstream_model": "google/gemini-2.5-flash"}),
    ],
)
def test_a_bundled_price_finer_than_the_column_is_kept_once(url, fields):
    for _ in range(2):
        assert Pricing([], {"openai": url}).price_of(a_record(**fields)) is not None
    assert Price.objects.count() == 1


@pytest.mark.django_db
def test_a_row_explains_what_writing_to_the_cache_cost():
    Connection.objects.create(name="claude", base_url="https://api.anthropic.com/v1")
    store(
        [
            a_record(
                connection="claude",
                upstream_model="claude-sonnet-4-5",
                cached_tokens=300,
                cache_write_tokens=500,
            )
        ]
    )
    row = UsageRow.objects.get()
    used = (row.prompt_tokens, row.cached_tokens, row.cache_write_tokens, row.completion_tokens)
    assert used == (1000, 300, 500, 100)
    price = row.price
    assert price.cache_write_per_million > price.input_per_million
    millions = (
        200 * price.input_per_million
        + 300 * price.cached_per_million
        + 500 * price.cache_write_per_million
        + 100 * price.output_per_million
    )
    assert row.cost == millions / 1_000_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [{"connection": "local"}, {"connection": "gone"}, {"connection": ""}, {"upstream_model": "?"}],
)
def test_what_nobody_knows_has_no_price(fields):
    assert price_of(**fields) is None


@pytest.mark.django_db
def test_audio_has_a_price_by_the_minute():
    price = price_of(upstream_model="whisper-1")
    minute = a_record(audio_seconds=60.0, prompt_tokens=None, completion_tokens=None)
    assert cost_of(minute, price) == Decimal("0.006")


@pytest.mark.django_db
def test_a_bundled_price_may_rise_with_the_length_of_the_input():
    urls = {"openai": "https://api.anthropic.com/v1"}
    prices = [
        Pricing([], urls).price_of(a_record(upstream_model="claude-sonnet-4-5", prompt_tokens=n))
        for n in (1000, 300_000)
    ]
    assert [price.above_tokens for price in prices] == [0, 200_000]
    assert prices[0].input_per_million < prices[1].input_per_million


@pytest.mark.django_db
def test_an_override_wins_over_the_list():
    override = an_override("gpt-4o", 1)
    assert price_of() == override


@pytest.mark.django_db
def test_the_closest_override_wins():
    an_override("*", 1)
    an_override("gpt-*", 2)
    exact = an_override("gpt-4o", 3)
    of_connection = an_override("gpt-*", 4, connection="local")
    assert price_of() == exact
    assert price_of(connection="local") == of_connection


@pytest.mark.django_db
def test_a_request_has_the_price_of_its_time():
    earlier = an_override("gpt-4o", 1)
    Price.objects.create(model="gpt-4o", per_request=2, valid_from=JULY.replace(day=2))
    assert price_of() == earlier


@pytest.mark.django_db
def test_an_override_without_rates_takes_the_ones_before_back():
    an_override("gpt-4o", 1)
    Price.objects.create(model="gpt-4o", valid_from=JUNE.replace(day=2))
    assert price_of().source == "bundled"


@pytest.mark.django_db
@pytest.mark.parametrize("status", [0, 400, 499, 502])
def test_a_request_that_was_not_answered_has_no_price(status):
    an_override("gpt-4o", 1)
    assert price_of(status=status) is None


def rates(**values):
    return Price(**{name: Decimal(value) for name, value in values.items()})


@pytest.mark.parametrize(
    ("price", "fields", "cost"),
    [
        (rates(input_per_million=2, output_per_million=8), {}, "0.0028"),
        (rates(input_per_million=2, output_per_million=8), {"cached_tokens": 500}, "0.0028"),
        (
            rates(input_per_million=2, cached_per_million=1, output_per_million=8),
            {"cached_tokens": 500},
            "0.0023",
        ),
        (
            rates(
                input_per_million=2,
                cached_per_million=1,
                cache_write_per_million="2.5",
                output_per_million=8,
            ),
            {"cached_tokens": 500, "cache_write_tokens": 400},
            "0.0025",
        ),
        (
            rates(input_per_million=2, cached_per_million=1, output_per_million=8),
            {"cached_tokens": 500, "cache_write_tokens": 400},
            "0.0023",
        ),
        (
            rates(input_per_million=2, output_per_million=8),
            {"audio_prompt_tokens": 500, "audio_completion_tokens": 50},
            "0.0028",
        ),
        (
            rates(
                input_per_million=2,
                audio_input_per_million=20,
                output_per_million=8,
                audio_output_per_million=80,
            ),
            {"audio_prompt_tokens": 500, "audio_completion_tokens": 50},
            "0.0154",
        ),
        (
            rates(input_per_million=2, audio_input_per_million=20, output_per_million=8),
            {"cached_tokens": 900, "audio_prompt_tokens": 500},  # no more than is left of it
            "0.0046",
        ),
        (rates(audio_input_per_million=20), {}, None),
        (rates(input_per_million=2, output_per_million=8), {"completion_tokens": None}, None),
        (rates(input_per_million=2), {}, None),
        (rates(input_per_million=2), {"completion_tokens": None}, "0.002"),
        (rates(input_per_million=2), {"completion_tokens": 0}, "0.002"),
        (rates(input_per_million=0, output_per_million=0), {"prompt_tokens": None}, "0"),
        (rates(per_request="0.04"), {}, "0.04"),
        (rates(per_request=1, input_per_million=2, output_per_million=8), {}, "1.0028"),
        (rates(per_million_characters=15), {"characters": 2000}, "0.03"),
        (rates(per_million_characters=15), {}, None),
        (rates(per_audio_minute=6), {"audio_seconds": 30.0}, "3"),
        (rates(input_per_million=99_999_999), {"prompt_tokens": 2**62}, None),
    ],
)
def test_a_cost_is_known_or_null(price, fields, cost):
    assert cost_of(a_record(**fields), price) == (None if cost is None else Decimal(cost))


@pytest.mark.django_db
def test_the_bundled_list_has_rates_of_sound():
    price = price_of(upstream_model="gpt-4o-realtime-preview")
    assert price.audio_input_per_million > price.input_per_million
    assert price.audio_output_per_million > price.output_per_million
    heard = a_record(audio_prompt_tokens=1000, audio_completion_tokens=100)
    rates_of_sound = 1000 * price.audio_input_per_million + 100 * price.audio_output_per_million
    assert cost_of(heard, price) == rates_of_sound / 1_000_000


@pytest.mark.django_db
def test_a_stream_costs_what_a_whole_answer_costs():
    an_override("gpt-4o", 1, input_per_million=2, output_per_million=8)
    store([a_record(request_id=f"req_{flag}", is_streamed=flag) for flag in (True, False)])
    assert len(set(UsageRow.objects.values_list("cost", "price_id"))) == 1


@pytest.mark.django_db
def test_a_row_tells_its_price():
    override = an_override("gpt-4o", 1)
    store([a_record(accepted_at=JULY.timestamp())])
    row = UsageRow.objects.get()
    assert (row.cost, row.price) == (Decimal(1), override)


NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
URLS = OPENAI | {"claude": "https://api.anthropic.com/v1"}


def cost_at(tier, **fields):
    record = a_record(accepted_at=NOVEMBER.timestamp(), service_tier=tier, **fields)
    price = Pricing(Price.objects.overrides(), URLS).price_of(record)
    return price.service_tier, cost_of(record, price)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "costs"),
    [
        # 1000 tokens of input and 100 of output, in dollars for a million:
        # 1.25 and 10; flex is half of it, priority twice as much
        (
            {"upstream_model": "gpt-5"},
            {
                "": ("", "0.00225"),
                "default": ("", "0.00225"),
                "flex": ("flex", "0.001125"),
                "priority": ("priority", "0.0045"),
                "scale": ("", "0.00225"),
            },
        ),
        # 2 and 8, from the cache 0.5; priority 3.5, 14 and 0.875
        (
            {"upstream_model": "gpt-4.1", "cached_tokens": 400},
            {"default": ("", "0.0022"), "priority": ("priority", "0.00385")},
        ),
        # 4 and 20; with a speed of its own 8 and 40; batches half
        (
            {"connection": "claude", "upstream_model": "claude-opus-5-5"},
            {
                "standard": ("", "0.006"),
                "fast": ("fast", "0.012"),
                "batch": ("batch", "0.003"),
                "priority": ("", "0.006"),
            },
        ),
    ],
)
def test_the_tier_of_the_answer_decides_on_the_rates(fields, costs):
    expected = {tier: (of, Decimal(cost)) for tier, (of, cost) in costs.items()}
    assert {tier: cost_at(tier, **fields) for tier in costs} == expected


@pytest.mark.django_db
def test_the_rates_of_a_tier_are_those_of_their_time():
    record = a_record(accepted_at=JUNE.timestamp(), service_tier="flex", upstream_model="gpt-5")
    assert Pricing([], OPENAI).price_of(record).service_tier == ""


@pytest.mark.django_db
def test_the_price_of_a_tier_is_kept_once_and_beside_the_standard_one():
    for tier in ("flex", "default", "flex", "priority", "default"):
        cost_at(tier, upstream_model="gpt-5")
    assert sorted(Price.objects.values_list("service_tier", flat=True)) == ["", "flex", "priority"]


@pytest.mark.django_db
def test_a_price_set_for_a_tier_holds_for_that_tier_alone():
    an_override("gpt-4o", 1)
    an_override("gpt-4o", 2, service_tier="flex")
    assert [cost_at(tier)[1] for tier in ("flex", "priority", "")] == [2, 1, 1]


@pytest.mark.django_db
def test_a_row_says_whether_the_rates_of_its_tier_are_known():
    Connection.objects.create(name="openai", base_url="https://api.openai.com/v1")
    tiers = ("default", "flex", "scale")
    store(
        [
            a_record(
                request_id=tier,
                service_tier=tier,
                upstream_model="gpt-5",
                accepted_at=NOVEMBER.timestamp(),
            )
            for tier in tiers
        ]
    )
    rows = UsageRow.objects.in_bulk()
    assert [rows[tier].service_tier for tier in tiers] == list(tiers)
    assert [rows[tier].is_cost_estimated for tier in tiers] == [False, False, True]
