"""The digest is read as genai-prices reads its own list."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot

from usage.price_list.listed import Stepped, list_version, model_at, provider_at

# Before and after dates of the list, and within and outside of times of day.
TIMES = [
    datetime(2024, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 13, 2, 0, tzinfo=UTC),
    datetime(2026, 11, 28, 17, 0, tzinfo=UTC),
    datetime(2030, 1, 1, 7, 30, tzinfo=UTC),
]
TIERS = ["flex", "priority", "batch", "fast", "unknown"]
ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta/openai",
    "azure": "https://corp.openai.azure.com/openai",
    "deepseek": "https://api.deepseek.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "x-ai": "https://api.x.ai/v1",
    "aws": "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1",
}
SOLD = {"azure": ("azure", "openai", "x-ai"), "google": ("google", "anthropic")}
STRANGE = ["GPT-4o", "gpt-5.2-20251211", "claude-opus-4-5-20251101", "no-such-model", "o3-", "gpt"]


def plain(prices: Any) -> dict[str, Any]:
    return {
        name: rate if isinstance(rate, Decimal) else Stepped(rate.base, tuple(steps(rate)))
        for name, rate in vars(prices).items()
        if rate is not None
    }


def steps(rate: Any) -> list[tuple[int, Decimal]]:
    return [(each.start, each.price) for each in rate.tiers]


@pytest.mark.parametrize("provider", ADDRESSES)
def test_each_model_has_the_rates_of_the_package(provider: str) -> None:
    snapshot, url = get_snapshot(), ADDRESSES[provider]
    sold = [each for each in snapshot.providers if each.id in SOLD.get(provider, (provider,))]
    asked = [model.id for each in sold for model in each.models]
    asked = asked[:: len(asked) // 100 or 1]  # the largest has a thousand, each looked for in all
    for name in (*asked, *STRANGE):
        try:
            theirs, info = snapshot.find_provider_model(name, None, None, url)
        except LookupError:
            assert model_at(url, name) is None
            continue
        found = model_at(url, name)
        assert found is not None, name
        assert (found[0], found[1].id) == (theirs.id, info.id)
        is_its_own = any(info is own for own in theirs.models)
        for at in TIMES:
            assert found[1].rates(at) == plain(info.get_prices(at))
            for tier in TIERS if is_its_own else ():
                context = dict.fromkeys(("service_tier", "speed", "processing"), tier)
                assert found[1].rates_of_tier(at, tier) == plain(info.get_prices(at, context))


def test_addresses_are_known_as_the_package_knows_them() -> None:
    for name, url in ADDRESSES.items():
        found = provider_at(url)
        assert found is not None
        assert found.id == name
    assert provider_at("http://127.0.0.1:8001/v1") is None


def test_a_constant_price_holds_at_any_time() -> None:
    url = ADDRESSES["deepseek"]
    by_the_hour, always = model_at(url, "deepseek-chat"), model_at(ADDRESSES["openai"], "gpt-4o")
    assert by_the_hour is not None
    assert always is not None
    assert not by_the_hour[1].is_constant
    assert always[1].is_constant


def test_the_package_itself_is_not_imported() -> None:
    """It takes 0.4 s and 30 MB, which no worker is to pay."""
    script = (
        "import sys; from usage.price_list.listed import model_at;"
        "assert model_at('https://api.openai.com/v1', 'gpt-4o');"
        "sys.exit(any(name in sys.modules for name in ('genai_prices', 'pydantic')))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert list_version()
