"""Bodies of pages: capped before Django's handler reads them."""

import asyncio

import pytest

from gateway_project.pages import PageHandler
from tests.support.asgi import AsgiClient
from tests.support.processes import PATIENCE_SECONDS

LIMIT = 1000


async def reading(scope, receive, send) -> None:
    """Reads a body as Django does, tells its length, and listens for the client's end."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    body = b"%d" % size
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def pages(settings) -> PageHandler:
    settings.GATEWAY_MAX_PAGE_BYTES = LIMIT
    settings.GATEWAY_BODY_SECONDS = 0.1
    return PageHandler(reading)


def post(*body: bytes | None, **headers: str) -> AsgiClient:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return AsgiClient("POST", "/accounts/login/", headers=named, body=body)


async def test_a_body_at_the_limit_passes(pages):
    client = await post(b"x" * LIMIT, content_length=str(LIMIT)).through(pages)
    assert (client.status, client.body) == (200, b"1000")


async def test_a_declared_length_over_it_is_413_and_nothing_is_read(pages):
    client = await post(b"x", content_length=str(LIMIT + 1)).through(pages)
    assert (client.status, client.parts_read) == (413, 0)
    assert client.body == b"The request body is larger than 1000 bytes.\n"
    assert client.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_body_without_a_length_is_read_no_further_than_the_limit(pages):
    client = await post(*[b"x" * 300] * 100).through(pages)
    assert (client.status, client.parts_read) == (413, 4)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "X"])
async def test_the_method_makes_no_difference(pages, method):
    client = AsgiClient(method, "/", body=[b"x" * 600] * 100)
    assert (await client.through(pages)).status == 413


async def test_a_length_that_is_none_is_400(pages):
    assert (await post(b"x", content_length="9" * 30).through(pages)).status == 400


async def test_a_body_that_does_not_end_is_408_and_the_end_of_the_connection(pages):
    async with asyncio.timeout(PATIENCE_SECONDS):
        client = await post(b"x", None).through(pages)
    assert (client.status, client.headers["connection"]) == (408, "close")


async def test_a_client_that_leaves_gets_nothing(pages):
    client = post(b"x", None)
    client.gone.set()
    assert (await client.through(pages)).messages == []
