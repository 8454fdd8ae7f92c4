"""Who comes back to a stream, and how many of them there may be."""

import pytest

from connections.calling.client import close_all, owned_responses
from proxy.client_side.errors import AnsweredError
from proxy.resumable import readers


class Request:
    def stop(self, reason):
        pass


@pytest.fixture(autouse=True)
def _caps(settings):
    settings.GATEWAY_RESUMABLE_MAX_READERS = 2
    settings.GATEWAY_RESUMABLE_MAX_READERS_TOTAL = 3
    yield
    readers.readers.clear()


def refusal(owner):
    with pytest.raises(AnsweredError) as told:
        readers.join(Request(), owner)
    assert (told.value.status, told.value.code) == (429, "rate_limit_exceeded")
    return told.value.message


def test_an_owner_has_so_many_readers():
    readers.join(Request(), "ada")
    readers.join(Request(), "ada")
    assert "This API key" in refusal("ada")
    readers.join(Request(), "bob")


def test_all_owners_together_have_so_many_readers():
    for owner in "abc":
        readers.join(Request(), owner)
    assert "This API key" not in refusal("d")


def test_a_request_that_begins_a_stream_is_none_of_them():
    for _ in range(4):
        readers.join(Request())
    readers.join(Request(), "ada")


async def test_a_reader_that_ends_makes_room():
    owned = []
    owned_responses.set(owned)
    readers.join(Request(), "ada")
    readers.join(Request(), "ada")
    await close_all(owned[:1])
    readers.join(Request(), "ada")
