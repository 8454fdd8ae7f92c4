"""What is remembered of an upstream's models, and what is believed of what was remembered."""

from __future__ import annotations

import pickle
import time
from dataclasses import replace

import orjson
import pytest
from django.core.cache import cache

from models_registry import listings as listing
from models_registry import shared_cache
from models_registry.listings import Listing
from tests.support.builders import SECRET, an_upstream

KNOWN = Listing(models=({"id": "a", "x": [None]},), asked_at=1.5, is_stale=True)


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()
    yield
    cache.clear()


async def remembered(**changes: object) -> Listing | None:
    await listing.store(an_upstream(), KNOWN)
    return await listing.load(an_upstream(**changes))


async def test_a_listing_comes_back_as_it_was_left() -> None:
    assert await remembered() == KNOWN


@pytest.mark.parametrize("field", ["timeout_seconds", "priority", "prefix_id", "tags"])
async def test_a_change_that_lists_the_same_models_keeps_them(field: str) -> None:
    value = {"timeout_seconds": 9.0, "priority": 1}.get(field, "x")
    assert await remembered(**{field: value}) == KNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "https://other.example/v1"},
        {"provider": "openrouter"},
        {"auth_type": "none"},
        {"api_version": "2"},
        {"secrets": ()},
        {"id": 2},
        {"headers": (("x-org", "b"),)},
    ],
)
async def test_what_may_list_other_models_is_asked_again(changes: dict) -> None:
    assert await remembered(**changes) is None


async def test_nothing_is_remembered_at_first() -> None:
    assert await listing.load(an_upstream()) is None


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"\xff\x00",
        b"[]",
        b"null",
        b"{}",
        b'{"format": 1, "models": [], "listed_at": 1}',
        b'{"format": 2, "models": 5, "asked_at": 1, "is_stale": false}',
        b'{"format": 2, "models": []}',
        b'{"format": 2, "models": [], "asked_at": "x", "is_stale": false}',
        b'{"format": 2, "models": [], "asked_at": null, "is_stale": false}',
        pickle.dumps({"format": 2}),
    ],
)
async def test_an_entry_that_is_not_ours_is_ignored(entry: bytes) -> None:
    shared_cache.put(listing.cache_key(an_upstream()), entry, 60)
    assert await listing.load(an_upstream()) is None


@pytest.mark.parametrize("models", ["ab", [5, None, "a"], [{"id": 5}, {}], {"id": "a"}])
async def test_models_that_are_none_are_ignored(models: object) -> None:
    entry = {"format": listing.FORMAT, "models": models, "asked_at": 1, "is_stale": False}
    shared_cache.put(listing.cache_key(an_upstream()), orjson.dumps(entry), 60)
    loaded = await listing.load(an_upstream())
    assert loaded is not None
    assert loaded.models == ()


async def test_a_clock_that_runs_ahead_does_not_make_a_list_fresh_for_ever() -> None:
    await listing.store(an_upstream(), replace(KNOWN, asked_at=time.time() + 3600))
    loaded = await listing.load(an_upstream())
    assert loaded is not None
    assert loaded.asked_at <= time.time()


async def test_no_secret_is_in_the_cache() -> None:
    await listing.store(an_upstream(), KNOWN)
    key = listing.cache_key(an_upstream())
    assert SECRET not in key
    assert SECRET.encode() not in (shared_cache.get(key) or b"")
