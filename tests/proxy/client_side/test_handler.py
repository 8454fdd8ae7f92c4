"""The API's handler, driven over ASGI, with an upstream behind it that never sees a network."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import orjson
import pytest
from channels.db import database_sync_to_async
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone

from accounts.keys import generate
from accounts.models import ApiKey, User
from connections.calling.client import UpstreamClient, owned_responses
from connections.models import Connection, ConnectionHealth
from models_registry.registry import Registry, activate
from proxy.client_side.handler import ApiHandler
from tests.support.asgi import AsgiClient
from tests.support.builders import Chunks
from tests.support.processes import PATIENCE_SECONDS

WHOLE = b'{"choices": [{"finish_reason": "stop"}]}'
EVENT = b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n'
FINISH = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
CHAT = {"model": "gpt-4o", "messages": []}
LIMIT = 1000

with_database = pytest.mark.django_db(transaction=True)


class Stalling(Chunks):
    """Says what it has to say and then nothing more."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part
        await asyncio.Event().wait()


class Unclosable(Chunks):
    async def aclose(self) -> None:
        raise ConnectionError


class Upstream:
    """Answers with ``body``; ``None`` makes it think forever, an exception is raised."""

    def __init__(self) -> None:
        self.body: httpx.AsyncByteStream | Exception | None = Chunks(WHOLE)
        self.asked = asyncio.Event()
        self.was_cancelled = False

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":  # the registry looks for models
            return httpx.Response(404)
        self.asked.set()
        if isinstance(self.body, Exception):
            raise self.body
        try:
            await asyncio.sleep(0) if self.body else await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return httpx.Response(200, stream=self.body)


@pytest.fixture
def api(settings) -> ApiHandler:
    settings.GATEWAY_MAX_JSON_BYTES = LIMIT
    settings.GATEWAY_WRITE_TIMEOUT = 0.1
    return ApiHandler()


@pytest.fixture
async def upstream(db) -> AsyncIterator[Upstream]:
    """What serves ``gpt-4o`` to staff."""
    await Connection.objects.acreate(
        name="one", base_url="https://one.example/v1", auth_type="none", model_ids=["gpt-4o"]
    )
    upstream = Upstream()
    registry = Registry(UpstreamClient(httpx.MockTransport(upstream)))
    await registry.reload()
    activate(registry)
    yield upstream
    activate(None)
    await registry.stop()


@pytest.fixture
def user(db) -> User:
    return User.objects.create(username="ada", is_staff=True)


@pytest.fixture
def key(user: User) -> str:
    return ApiKey.objects.issue(user)[1]


def get(path: str = "/v1/models", **headers: str) -> AsgiClient:
    return AsgiClient("GET", path, headers=headers)


def post(key: str, *body: bytes | None, path: str = "/v1/chat/completions", **headers: str):
    fields = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return AsgiClient("POST", path, headers=fields | named, body=body)


def chat(key: str, **fields: object) -> AsgiClient:
    return post(key, orjson.dumps(CHAT | fields))


def error_of(client: AsgiClient) -> dict:
    """The error of an answer, which must have OpenAI's shape and nothing else."""
    assert client.headers["content-type"] == "application/json"
    assert int(client.headers["content-length"]) == len(client.body)
    [(name, error)] = client.json.items()
    assert (name, set(error)) == ("error", {"message", "type", "param", "code"})
    return error


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1", "/v1/", "/openai/\n", "/"])
async def test_an_unknown_path_is_404(api, path: str) -> None:
    client = await get(path).through(api)
    assert (client.status, error_of(client)["code"]) == (404, "not_found")


async def test_an_unknown_path_of_the_messages_api_is_404_in_its_own_form(api) -> None:
    client = await get("/anthropic/x").through(api)
    assert client.status == 404
    assert client.json == {
        "type": "error",
        "error": {"type": "not_found_error", "message": client.json["error"]["message"]},
        "request_id": client.headers["x-request-id"],
    }


@pytest.mark.parametrize("method", ["TRACE", "PATCH", "DELETE", "POST", "X"])
async def test_an_unknown_method_is_405(api, method: str) -> None:
    client = await AsgiClient(method, "/v1/models").through(api)
    assert (client.status, error_of(client)["code"]) == (405, "method_not_allowed")
    assert client.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("host", ["evil.example", "testserver:x", "a b", "testserver,evil"])
async def test_an_unknown_host_is_400(api, host: str) -> None:
    for _ in range(2):
        client = await get(host=host).through(api)
        assert (client.status, error_of(client)["code"]) == (400, "invalid_host")


async def test_a_query_that_is_no_utf8_is_400(api) -> None:
    client = await AsgiClient("GET", "/v1/models", query=b"a=\xff").through(api)
    assert client.status == 400
    assert error_of(client)["message"]


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "²", "9" * 5000])
async def test_an_invalid_length_is_400(api, length: str) -> None:
    client = await post("k", b"", content_length=length).through(api)
    assert client.status == 400
    assert "Content-Length" in error_of(client)["message"]


async def test_two_lengths_are_one_too_many(api) -> None:
    client = post("k", b"{}", content_length="2")
    client.scope["headers"].append((b"content-length", b"3"))
    assert (await client.through(api)).status == 400


async def test_every_answer_has_an_id_and_is_not_stored(api) -> None:
    first, second = [await get("/v1/nothing").through(api) for _ in range(2)]
    assert first.headers["x-request-id"].startswith("req_")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.headers["cache-control"] == "private, no-store"
    assert first.headers["x-content-type-options"] == "nosniff"


async def test_the_clients_own_request_id_is_not_ours(api) -> None:
    client = await get("/v1/nothing", **{"x-request-id": "mine"}).through(api)
    assert client.headers["x-request-id"] != "mine"


@with_database
@pytest.mark.parametrize(
    "path", ["//v1//models", "/models", "/openai/v1/models", "///openai/models"]
)
async def test_the_models_are_found_under_every_base_url(api, upstream, key, path: str) -> None:
    client = await get(path, authorization=f"Bearer {key}").through(api)
    assert (client.status, [model["id"] for model in client.json["data"]]) == (200, ["gpt-4o"])


@with_database
async def test_bad_keys_of_every_kind_get_the_same_answer(api, user, key) -> None:
    row, revoked = await database_sync_to_async(ApiKey.objects.issue)(user)
    await database_sync_to_async(row.revoke)()
    row, expired = await database_sync_to_async(ApiKey.objects.issue)(user)
    past = timezone.now() - timedelta(days=1)
    await ApiKey.objects.filter(pk=row.pk).aupdate(created_at=past, expires_at=timezone.now())
    bad = ["", "malformed", key[:-1] + "!", key + "x", "\xff" * 9, generate(), revoked, expired]
    clients = [await chat(one).through(api) for one in bad] + [await get().through(api)]
    assert {client.status for client in clients} == {401}
    assert len({client.body for client in clients}) == 1
    assert error_of(clients[0])["code"] == "invalid_api_key"
    assert (await get(authorization=f"Bearer {key}", **{"api-key": "x"}).through(api)).status == 401


@with_database
async def test_a_header_with_an_underscore_is_no_credential(api, key) -> None:
    assert (await get(x_api_key=key).through(api)).status == 401


@with_database
async def test_the_body_of_a_refused_caller_is_never_read(api) -> None:
    client = await post("malformed", b"{", None, content_length="999999999").through(api)
    assert (client.status, client.parts_read) == (401, 0)


@with_database
async def test_a_body_that_is_declared_too_large_is_never_read(api, key) -> None:
    client = await post(key, b"x", content_length=str(LIMIT + 1)).through(api)
    assert (client.status, client.parts_read) == (413, 0)
    assert error_of(client)["code"] == "request_too_large"


@with_database
@pytest.mark.parametrize("headers", [{}, {"content_length": "5"}])
async def test_a_body_that_turns_out_too_large_is_read_no_further(api, key, headers) -> None:
    client = await post(key, *[b"x" * (LIMIT // 4)] * 100, **headers).through(api)
    assert (client.status, client.parts_read) == (413, 5)
    assert error_of(client)["code"] == "request_too_large"


@with_database
async def test_a_body_at_the_limit_is_taken_in_pieces_without_a_length(api, upstream, key) -> None:
    body = orjson.dumps(CHAT).ljust(LIMIT)
    client = await post(key, *(body[i : i + 7] for i in range(0, LIMIT, 7))).through(api)
    assert (client.status, client.body) == (200, WHOLE)


@with_database
@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b'{"a": NaN}', b"\xff", b'{"model": "\\ud800"}', b"[" * 900]
)
async def test_a_body_that_is_no_json_object_is_400(api, key, body: bytes) -> None:
    client = await post(key, body).through(api)
    assert client.status == 400
    assert error_of(client)["type"] == "invalid_request_error"


@with_database
async def test_an_empty_body_is_400(api, key) -> None:
    client = await post(key).through(api)
    assert (client.status, error_of(client)["type"]) == (400, "invalid_request_error")


@with_database
async def test_a_body_nested_too_deeply_is_400(api, upstream, key) -> None:
    body = orjson.dumps(CHAT)[:-1] + b', "x": ' + b"[" * 300 + b"]" * 300 + b"}"
    client = await post(key, body).through(api)
    assert (client.status, upstream.asked.is_set()) == (400, False)
    assert "nested" in error_of(client)["message"]


@with_database
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "x"])
async def test_another_kind_of_body_is_415(api, key, kind: str) -> None:
    client = await post(key, b"a=b", content_type=kind).through(api)
    assert (client.status, error_of(client)["code"]) == (415, "unsupported_media_type")


@with_database
async def test_a_failure_of_our_own_is_500_and_says_nothing(api, upstream, key, caplog) -> None:
    upstream.body = RuntimeError("the secret reason")
    client = await chat(key).through(api)
    assert (client.status, error_of(client)["type"]) == (500, "server_error")
    assert b"secret reason" not in client.body
    assert "secret reason" in caplog.text


@with_database
async def test_a_chat_passes_through(api, upstream, key) -> None:
    client = await chat(key).through(api)
    assert (client.status, client.body, client.is_complete) == (200, WHOLE, True)
    assert upstream.body.is_closed


@with_database
async def test_a_stream_passes_through(api, upstream, key) -> None:
    upstream.body = Chunks(EVENT, FINISH, DONE)
    client = await chat(key, stream=True).through(api)
    assert client.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert client.headers["x-accel-buffering"] == "no"
    assert (client.body, client.is_complete) == (EVENT + FINISH + DONE, True)
    assert upstream.body.is_closed


@with_database
async def test_a_client_that_leaves_early_ends_the_call(api, upstream, key) -> None:
    upstream.body = None
    client = chat(key)
    answering = asyncio.create_task(client.through(api))
    await upstream.asked.wait()
    client.gone.set()
    await answering
    assert upstream.was_cancelled
    assert client.messages == []


@with_database
async def test_a_client_that_leaves_in_mid_stream_closes_the_upstream(api, upstream, key) -> None:
    upstream.body = Stalling(EVENT)
    client = chat(key, stream=True)
    answering = asyncio.create_task(client.through(api))
    await client.got_some.wait()
    assert not upstream.body.is_closed
    client.gone.set()
    await answering
    assert upstream.body.is_closed
    assert not client.is_complete


@with_database
async def test_a_client_that_leaves_with_its_body_unsent_gets_no_answer(api, upstream, key) -> None:
    client = post(key, b"{", None)
    client.gone.set()
    await client.through(api)
    assert client.messages == []


@with_database
async def test_a_client_that_does_not_read_is_cut_off(api, upstream, key) -> None:
    upstream.body = Stalling(EVENT)
    client = chat(key, stream=True)
    aborted = asyncio.Event()
    client.scope["extensions"] = {"gatehouse.abort": aborted.set}
    client.reads.clear()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await client.through(api)
    assert aborted.is_set()
    assert upstream.body.is_closed


@with_database
async def test_a_stream_that_only_waits_for_its_upstream_is_not_cut_off(api, upstream, key) -> None:
    upstream.body = Stalling(EVENT)
    client = chat(key, stream=True)
    answering = asyncio.create_task(client.through(api))
    done, _ = await asyncio.wait([answering], timeout=0.3)  # three times what a write may take
    assert not done
    client.gone.set()
    await answering


@with_database
async def test_a_server_that_shuts_down_is_obeyed(api, upstream, key) -> None:
    upstream.body = Stalling(EVENT)
    client = chat(key, stream=True)
    answering = asyncio.create_task(client.through(api))
    await client.got_some.wait()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    assert upstream.body.is_closed


@with_database
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_warm_request_asks_no_thread_and_so_no_database(
    api, upstream, key, monkeypatch, is_streamed
) -> None:
    jobs: list[object] = []
    queries: list[str] = []

    def counted(execute, sql, *rest):
        queries.append(sql)
        return execute(sql, *rest)

    await database_sync_to_async(lambda: connection.execute_wrappers.append(counted))()
    await chat(key).through(api)
    # The request has the upstream asked for its models, which is noted behind it.
    while not await ConnectionHealth.objects.aexists():  # noqa: ASYNC110 - written by a thread
        await asyncio.sleep(0.01)
    queries.clear()
    loop = asyncio.get_running_loop()
    run_in_executor = loop.run_in_executor

    def recorded(executor, job, *args):
        jobs.append(job)
        return run_in_executor(executor, job, *args)

    monkeypatch.setattr(loop, "run_in_executor", recorded)
    upstream.body = Chunks(EVENT, FINISH, DONE) if is_streamed else Chunks(WHOLE)
    client = await chat(key, stream=is_streamed).through(api)
    assert (client.status, jobs, queries) == (200, [], [])
    assert (await get(authorization=f"Bearer {key}").through(api)).status == 200
    assert (jobs, queries) == ([], [])
    await chat(generate()).through(api)
    assert jobs  # so the recorders do see what there is
    assert queries
    await database_sync_to_async(lambda: connection.execute_wrappers.remove(counted))()


@with_database
async def test_every_key_that_is_not_good_gets_the_same_answer(api, upstream, user, key) -> None:
    def spoilt(**fields: datetime) -> str:
        row, made = ApiKey.objects.issue(user)
        ApiKey.objects.filter(pk=row.pk).update(**fields)
        return made

    past = timezone.now() - timedelta(hours=1)
    revoked = await database_sync_to_async(spoilt)(revoked_at=past)
    expired = await database_sync_to_async(spoilt)(
        created_at=past - timedelta(hours=1), expires_at=past
    )
    answers = set()
    for bad in (generate(), revoked, expired, f"{key[:-1]}_", "sk-gw-", "x"):
        client = await chat(bad).through(api)
        headers = frozenset((client.headers | {"x-request-id": ""}).items())
        answers.add((client.status, client.body, headers))

    [(status, body, _)] = answers
    assert (status, orjson.loads(body)["error"]["code"]) == (401, "invalid_api_key")


@with_database
@pytest.mark.parametrize("turns", range(4))
async def test_a_client_that_leaves_as_its_answer_ends_is_no_failure(
    api, upstream, key, turns
) -> None:
    client = chat(key)

    async def send(message: dict) -> None:
        await client.send(message)
        if message["type"] == "http.response.body":
            client.gone.set()
            for _ in range(turns):
                await asyncio.sleep(0)

    await api(client.scope, client.receive, send)
    assert client.body == WHOLE
    assert upstream.body.is_closed


async def test_what_a_request_opened_is_closed_although_some_of_it_fails_to() -> None:
    opened = Chunks()

    class Opening(ApiHandler):
        async def respond(self, request):
            owned_responses.get().extend([Unclosable(), opened])
            return HttpResponse(b"{}")

    client = get()
    with pytest.raises(ConnectionError):
        await client.through(Opening())
    assert (client.body, client.is_complete, opened.is_closed) == (b"{}", True, True)


@with_database
@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_compressed_body_is_read(api, upstream, key, coding, pack) -> None:
    packed = pack(orjson.dumps(CHAT))
    client = await post(key, packed[:7], packed[7:], content_encoding=coding).through(api)
    assert (client.status, client.body) == (200, WHOLE)


@with_database
@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [
        (gzip.compress(b"[" * (LIMIT + 1)), "gzip", 413),
        (b"{}", "gzip", 400),
        (b"{}", "br", 415),
    ],
    ids=["too long", "no gzip", "an unknown coding"],
)
async def test_a_compressed_body_that_cannot_be_read_is_refused(
    api, upstream, key, body, coding, status
) -> None:
    client = await post(key, body, content_encoding=coding).through(api)
    assert (client.status, error_of(client)["type"]) == (status, "invalid_request_error")
    assert not upstream.asked.is_set()
