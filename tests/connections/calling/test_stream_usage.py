from __future__ import annotations

import asyncio

import httpx
import orjson
import pytest

from connections.calling.client import UpstreamClient
from connections.calling.open_connection import OpenConnection
from tests.support.builders import Chunks, a_call, an_upstream

REFUSAL = {"error": {"message": "Unrecognized request argument supplied: stream_options"}}


class Choosy:
    """An upstream that refuses some requests; ``bodies`` are those it was sent."""

    def __init__(self, refusal: object = None, status: int = 400) -> None:
        self.bodies: list[dict] = []
        self._refusal = refusal
        self._status = status
        self.client = UpstreamClient(httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(orjson.loads(request.content))
        if self._refusal is None or "stream_options" not in self.bodies[-1]:
            return httpx.Response(200, stream=Chunks(b"data: [DONE]\n\n"))
        return httpx.Response(self._status, stream=Chunks(orjson.dumps(self._refusal)))


def a_stream(**fields: object):
    return a_call({"model": "gpt-4o", "messages": [], "stream": True, **fields})


@pytest.mark.parametrize("given", [{}, {"stream_options": None}, {"stream_options": {"x": 1}}])
async def test_usage_is_asked_for_in_any_case(given: dict) -> None:
    upstream, call = Choosy(), a_stream(**given)
    await OpenConnection.open(an_upstream()).send(upstream.client, call)
    options = given.get("stream_options") or {}
    assert upstream.bodies[0]["stream_options"] == options | {"include_usage": True}
    assert call.body.get("stream_options") == given.get("stream_options")


@pytest.mark.parametrize(
    "call",
    [
        a_call(),
        a_call({"model": "gpt-4o", "input": "x", "stream": True}, endpoint="responses"),
        a_stream(stream_options={"include_usage": True}),
        a_stream(stream_options="yes"),
    ],
    ids=["whole", "other endpoint", "asked", "nonsense"],
)
async def test_other_requests_go_as_they_are(call) -> None:
    upstream = Choosy()
    await OpenConnection.open(an_upstream()).send(upstream.client, call)
    assert upstream.bodies == [call.body]


@pytest.mark.parametrize("status", [400, 422])
async def test_an_upstream_that_refuses_the_question_is_asked_once(status: int) -> None:
    upstream, connection = Choosy(REFUSAL, status), OpenConnection.open(an_upstream())
    for _ in range(2):
        assert (await connection.send(upstream.client, a_stream())).status == 200
    assert ["stream_options" in body for body in upstream.bodies] == [True, False, False]


async def test_another_refusal_is_the_clients_to_read() -> None:
    upstream, connection = (
        Choosy({"error": {"message": "Too hot."}}),
        OpenConnection.open(an_upstream()),
    )
    response = await connection.send(upstream.client, a_stream())
    assert (response.status, await response.read(1000)) == (
        400,
        b'{"error":{"message":"Too hot."}}',
    )
    assert len(upstream.bodies) == 1
    assert connection.stream_usage.is_refused is False


async def test_a_refusal_that_repeats_the_clients_words_changes_nothing_for_others() -> None:
    echo = {"error": {"message": "There is no model called stream_options."}}

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, stream=Chunks(orjson.dumps(echo)))

    connection = OpenConnection.open(an_upstream())
    response = await connection.send(UpstreamClient(httpx.MockTransport(refuse)), a_stream())
    assert response.status == 400
    assert connection.stream_usage.is_refused is False


async def test_what_one_request_has_learned_another_that_fails_later_does_not_undo() -> None:
    is_late, has_learned = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)
        if "stream_options" in body:
            return httpx.Response(400, stream=Chunks(orjson.dumps(REFUSAL)))
        if body.get("user") == "late":
            is_late.set()
            await has_learned.wait()
            return httpx.Response(503)
        return httpx.Response(200, stream=Chunks(b"data: [DONE]\n\n"))

    client, connection = (
        UpstreamClient(httpx.MockTransport(answer)),
        OpenConnection.open(an_upstream()),
    )
    late = asyncio.create_task(connection.send(client, a_stream(user="late")))
    await is_late.wait()
    await connection.send(client, a_stream())
    has_learned.set()
    assert (await late).status == 503
    assert connection.stream_usage.is_refused is True


async def test_a_refusal_of_what_the_client_asked_is_the_clients_to_read() -> None:
    upstream, connection = Choosy(REFUSAL), OpenConnection.open(an_upstream())
    call = a_stream(stream_options={"include_usage": True})
    assert (await connection.send(upstream.client, call)).status == 400
    assert len(upstream.bodies) == 1


@pytest.mark.parametrize(("version", "asks"), [("2024-02-01", False), ("2024-10-21", True)])
async def test_azure_is_asked_from_the_version_that_knows_the_question(
    version: str, asks: bool
) -> None:
    upstream = Choosy()
    azure = an_upstream(provider="azure", api_version=version, auth_type="none")
    response = await OpenConnection.open(azure).send(upstream.client, a_stream())
    assert ("stream_options" in upstream.bodies[0]) is asks
    assert "x-gateway-dropped-params" not in response.headers
