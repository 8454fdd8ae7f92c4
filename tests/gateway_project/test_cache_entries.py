"""Entries of the cache: what they hold, and which are believed."""

import pickle
from dataclasses import dataclass

import pytest
from django.core.cache import caches
from django.utils.translation import gettext_lazy

from gateway_project.cache_entries import SignedJsonSerializer, UnreadableEntryError
from tests.support import parts

KEY = "tests:entry"


@pytest.fixture
def serializer():
    return SignedJsonSerializer({})


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
    assert serializer.loads(serializer.dumps(value)) == read


def test_what_json_has_no_form_for_is_refused(serializer):
    with pytest.raises(TypeError, match="object"):
        serializer.dumps(object())


@pytest.mark.parametrize("entry", [b"", b"[]", pickle.dumps([1.0]), b"x" * 32 + b"[]"])
def test_an_entry_without_a_good_signature_is_refused(serializer, entry):
    with pytest.raises(UnreadableEntryError):
        serializer.loads(entry)


def test_a_signature_is_good_for_one_content_and_one_secret_key(serializer, settings):
    entry = serializer.dumps([1])
    with pytest.raises(UnreadableEntryError):
        serializer.loads(entry.replace(b"[1]", b"[2]"))
    settings.SECRET_KEY = "another"
    with pytest.raises(UnreadableEntryError):
        serializer.loads(entry)


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


def test_entries_are_kept_added_and_counted(cache):
    assert cache.add(KEY, 1, timeout=30)
    assert not cache.add(KEY, 2, timeout=30)
    assert cache.incr(KEY) == 2
    cache.set(f"{KEY}:2", [True], 30)
    assert cache.get_many([KEY, f"{KEY}:2"]) == {KEY: 2, f"{KEY}:2": [True]}
