"""Entries of the cache: what they hold, and which are believed."""

import pickle
from dataclasses import dataclass

import pytest
from django.core.cache import caches
from django.utils.translation import gettext_lazy

from gateway_project.cache_entries import Keyed, SignedJsonSerializer, UnreadableEntryError
from tests.support import parts

KEY = "tests:entry"


@pytest.fixture
def serializer():
    return SignedJsonSerializer({})


def entry_of(serializer, value, key=KEY):
    return serializer.dumps(Keyed(key, value))


def value_of(serializer, entry, key=KEY):
    return serializer.loads(entry).opened(key)


@dataclass
class Result:
    title: str


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ([1.5, 2.5], [1.5, 2.5]),
        (True, True),
        (7, 7),
        (None, None),
        ("y", "y"),
        ((1, 2), [1, 2]),
        ({1: "a"}, {"1": "a"}),
        ([Result(title="Keys")], [{"title": "Keys"}]),
        ({"name": gettext_lazy("Users")}, {"name": "Users"}),
    ],
)
def test_values_come_back_in_the_form_of_json(serializer, value, read):
    assert value_of(serializer, entry_of(serializer, value)) == read


def test_what_json_has_no_form_for_is_refused(serializer):
    with pytest.raises(TypeError, match="object"):
        entry_of(serializer, object())


@pytest.mark.parametrize("entry", [b"", b"[]", pickle.dumps([1.0]), b"x" * 32 + b"[]"])
def test_an_entry_without_a_good_signature_is_refused(serializer, entry):
    with pytest.raises(UnreadableEntryError):
        value_of(serializer, entry)


def test_a_signature_is_good_for_one_key_one_content_and_one_secret_key(serializer, settings):
    entry = entry_of(serializer, [1])
    with pytest.raises(UnreadableEntryError):
        value_of(serializer, entry, key=f"{KEY}:2")
    with pytest.raises(UnreadableEntryError):
        value_of(serializer, entry.replace(b"[1]", b"[2]"))
    settings.SECRET_KEY = "another"
    with pytest.raises(UnreadableEntryError):
        value_of(serializer, entry)


def test_no_part_of_a_key_passes_for_content(serializer):
    entry = entry_of(serializer, 12, key="tries:")
    signature = entry[:-2]
    with pytest.raises(UnreadableEntryError):
        value_of(serializer, signature + b"2", key="tries:1")


@pytest.fixture
def cache(services):
    parts.require("Redis", services.redis)
    cache = caches["default"]
    cache.delete_many([KEY, f"{KEY}:2"])
    return cache


def test_unreadable_entries_are_misses(cache):
    store, key = cache.client.get_client(), cache.make_key(KEY)
    for entry in (pickle.dumps([1.0]), b"12", b"{}"):
        store.set(str(key), entry)
        assert cache.get(KEY, "default") == "default"
        assert cache.get_many([KEY]) == {}


def test_an_entry_that_was_moved_to_another_key_is_a_miss(cache):
    store = cache.client.get_client()
    cache.set(KEY, [True], 30)
    entry = store.get(str(cache.make_key(KEY)))
    for moved in (cache.make_key(f"{KEY}:2"), cache.make_key(KEY, version=2)):
        store.set(str(moved), entry, ex=30)
    assert cache.get(KEY) == [True]
    assert cache.get(f"{KEY}:2", "default") == cache.get(KEY, "default", version=2) == "default"


def test_entries_are_written_several_at_once(cache):
    cache.set_many({KEY: 1, f"{KEY}:2": None}, 30)
    assert cache.get_many([KEY, f"{KEY}:2"]) == {KEY: 1, f"{KEY}:2": None}


def test_entries_are_kept_added_and_counted(cache):
    assert cache.add(KEY, 1, timeout=30)
    assert not cache.add(KEY, 2, timeout=30)
    assert cache.incr(KEY) == 2
    cache.set(f"{KEY}:2", [True], 30)
    assert cache.get_many([KEY, f"{KEY}:2"]) == {KEY: 2, f"{KEY}:2": [True]}
