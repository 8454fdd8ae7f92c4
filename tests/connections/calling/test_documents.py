"""What issuers of tokens answer."""

import httpx
import pytest

from connections.calling.client import UpstreamClient
from connections.calling.documents import LARGEST_BYTES, ask, read_document
from connections.errors import UpstreamError

URL = "https://id.example/jwks"


def client(body, status=200):
    return UpstreamClient(httpx.MockTransport(lambda _: httpx.Response(status, content=body)))


async def test_a_document_is_read():
    assert await read_document(client(b"{}"), URL) == b"{}"


async def test_an_error_has_a_body_where_it_is_asked_for():
    assert await ask(client(b"{}", 400), URL, form={"a": "b"}) == (400, b"{}")
    with pytest.raises(UpstreamError, match="answers 400"):
        await read_document(client(b"{}", 400), URL)


async def test_a_document_has_a_largest_size():
    with pytest.raises(UpstreamError, match="too large"):
        await ask(client(b" " * (LARGEST_BYTES + 1)), URL)


async def test_a_document_has_so_many_values(settings):
    settings.GATEWAY_MAX_JSON_STRUCTURE = 256 * 1024
    with pytest.raises(UpstreamError, match="too many values"):
        await ask(client(b"[" + b"[]," * 100_000 + b"0]"), URL)
