"""Resumable streams: no key can hold any number of upstream calls, connections or bytes."""

import asyncio
import json
from contextlib import ExitStack

import httpx
import pytest
import redis

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import wait_until
from tests.support.responders import chunk, drip, hang, head, sse
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

HEADER = "x-gateway-resumable"
STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
LONG = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % (b"x" * 4000)
PER_KEY, IN_ALL, READERS, KEPT, KEY_BYTES = 6, 9, 5, 4, 20_000
LIMITS = {
    "GATEWAY_SHUTDOWN_GRACE_SECONDS": "0",  # nothing that is under way here ever ends by itself
    "GATEWAY_RESUMABLE_MAX_STREAMS": str(PER_KEY),
    "GATEWAY_RESUMABLE_MAX_STREAMS_TOTAL": str(IN_ALL),
    "GATEWAY_RESUMABLE_MAX_READERS": str(READERS),
    "GATEWAY_RESUMABLE_MAX_KEPT": str(KEPT),
    "GATEWAY_RESUMABLE_KEY_BYTES": str(KEY_BYTES),
}
MOST_CONNECTIONS = 40  # to Redis, of a worker: for recordings, messages between workers, the cache
ABANDONED = 200


@pytest.fixture(scope="module")
def shared_upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture
def calling(shared_upstream):
    """An upstream whose answers begin, and never end."""
    shared_upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
    return shared_upstream


@pytest.fixture(scope="module", params=BACKINGS)
def limited(request, stores, shared_upstream, tmp_path_factory):
    directory = tmp_path_factory.mktemp("limited")
    with live_gateway(stores, request.param, directory, **LIMITS) as gateway:
        configure(gateway, shared_upstream)
        yield gateway


@pytest.fixture
def key(limited):
    return limited.api_key("alice")


@pytest.fixture
def start_limited(start_gateway, shared_upstream):
    """``start_limited(backing, "--workers", "2", NAME="value")``: a gateway, and a key."""

    def start(backing, *options, **environment):
        gateway = start_gateway(backing, *options, **LIMITS | environment)
        configure(gateway, shared_upstream)
        return gateway, gateway.api_key("alice")

    return start


def configure(gateway, upstream):
    connection = {"name": "scripted", "base_url": upstream.url, "model_ids": ["gpt-4o"]}
    grants = [{"models": ["*"], "everyone": True}]
    key = gateway.configured_for("root", connections=[connection], grants=grants)
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-4o")


async def abandon(gateway, keys, count):
    """Begin so many streams, and leave each after its first event; what their answers said."""

    async def leave(client, key):
        headers = {"authorization": f"Bearer {key}", HEADER: "true"}
        body = chat_body("gpt-4o", stream=True)
        async with (
            gate,
            client.stream("POST", CHAT, json=body, headers=headers, timeout=60) as answer,
        ):
            assert answer.status_code == 200
            await anext(answer.aiter_bytes())
            return answer.headers[HEADER], answer.headers["x-request-id"]

    gate = asyncio.Semaphore(40)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=gateway.url, limits=limits, **PLAIN_HTTP) as client:
        return await asyncio.gather(*(leave(client, keys[n % len(keys)]) for n in range(count)))


def under_way(upstream):
    return len(upstream.calls) - upstream.disconnects


def resumable(told):
    return [request_id for header, request_id in told if header == "true"]


def cancel(gateway, key, told):
    with client_of(gateway, key) as client:
        for request_id in resumable(told):
            client.delete(f"{CHAT}/{request_id}/stream")


def test_abandoned_streams_are_as_many_as_the_cap(limited, calling, key):
    before = under_way(calling)
    told = asyncio.run(abandon(limited, [key], ABANDONED))
    assert {header for header, _ in told} == {"true", "false"}
    assert 1 <= len(resumable(told)) <= PER_KEY
    wait_until(lambda: under_way(calling) <= before + PER_KEY, what="the rest to end")
    cancel(limited, key, told)
    wait_until(lambda: under_way(calling) <= before, what="all to end")

    def is_free():
        again = asyncio.run(abandon(limited, [key], 1))
        cancel(limited, key, again)
        return resumable(again) != []

    wait_until(is_free, what="a place")


def test_all_keys_together_have_a_cap(limited, calling):
    before = under_way(calling)
    keys = [limited.api_key(user) for user in ("a", "b", "c")]
    told = asyncio.run(abandon(limited, keys, 60))
    assert 1 <= len(resumable(told)) <= IN_ALL
    wait_until(lambda: under_way(calling) <= before + IN_ALL, what="the rest to end")
    for key in keys:
        cancel(limited, key, told)
    wait_until(lambda: under_way(calling) <= before, what="all to end")


def test_readers_are_as_many_as_the_cap(limited, calling, key):
    told = asyncio.run(abandon(limited, [key], 1))
    (request_id,) = resumable(told)
    path = f"{CHAT}/{request_id}/stream"
    limits = httpx.Limits(max_connections=None)
    with client_of(limited, key, limits=limits) as client, ExitStack() as reading:
        for _ in range(READERS):
            assert reading.enter_context(client.stream("GET", path)).status_code == 200
        refused = client.get(path)
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        reading.close()
        wait_until(lambda: is_readable(client, path), what="a place")
    cancel(limited, key, told)


def is_readable(client, path):
    with client.stream("GET", path) as answer:
        return answer.status_code == 200


def test_what_is_kept_of_a_key_has_a_cap(limited, calling, key):
    calling.on("POST", CHAT, sse(EVENT, FINISH))
    with client_of(limited, key) as client:
        request_ids = [finished(client) for _ in range(KEPT + 3)]

        def found():
            paths = {one: f"{CHAT}/{one}/stream" for one in request_ids}
            return [one for one, path in paths.items() if client.get(path).status_code == 200]

        wait_until(lambda: len(found()) <= KEPT, what="the oldest to go")
        assert found() == request_ids[-KEPT:]


def test_the_bytes_of_a_key_have_a_cap(limited, calling, key):
    calling.on("POST", CHAT, sse(*[LONG] * 3, FINISH))
    with client_of(limited, key) as client:
        paths = [f"{CHAT}/{finished(client)}/stream" for _ in range(3)]

        def is_gone():
            answer = client.get(paths[0])
            return answer.status_code == 404 and answer.json()["error"]["code"]

        wait_until(lambda: is_gone() == "stream_not_found", what="the oldest to go")
        assert client.get(paths[-1]).content.count(b"data:") == 5


def test_redis_is_held_by_few_connections_and_every_key_ends(start_limited, calling):
    many = {"GATEWAY_RESUMABLE_MAX_STREAMS": "150", "GATEWAY_RESUMABLE_MAX_STREAMS_TOTAL": "150"}
    gateway, key = start_limited(BACKINGS[1], **many)
    told = asyncio.run(abandon(gateway, [key], ABANDONED))
    assert len(resumable(told)) >= 100
    with redis.Redis.from_url(gateway.environment["REDIS_URL"]) as store:
        database = str(store.connection_pool.connection_kwargs["db"])
        clients = [one for one in store.client_list() if one["db"] == database]
        assert len(clients) <= MOST_CONNECTIONS
        assert_all_end(store)
        gateway.kill()  # no worker is left to see to it
        assert_all_end(store)
        assert 0 < store.zcard("gatehouse:streams") <= 150


def assert_all_end(store):
    keys = list(store.scan_iter("gatehouse:stream*"))
    assert keys
    assert [key for key in keys if store.ttl(key) == -1] == []


def test_workers_count_together(start_limited, calling):
    gateway, key = start_limited(BACKINGS[1], "--workers", "2")
    told = asyncio.run(abandon(gateway, [key], 60))
    assert 1 <= len(resumable(told)) <= PER_KEY


def test_streams_under_way_share_the_bytes_of_their_key(start_limited, calling):
    calling.on("POST", CHAT, drip([chunk(LONG)] * 200, every=0.2, before=STREAM_HEAD))
    gateway, key = start_limited(BACKINGS[1])
    told = asyncio.run(abandon(gateway, [key], 3))
    with redis.Redis.from_url(gateway.environment["REDIS_URL"]) as store:

        def copies():
            return [store.xrange(f"gatehouse:stream:{one}") for one in resumable(told)]

        def are_long():
            return all(copy and int(copy[-1][0].partition(b"-")[0]) > 10 for copy in copies())

        wait_until(are_long, what="more than there is room for")
        size = sum(len(fields[b"event"]) for copy in copies() for _, fields in copy)
    assert size <= KEY_BYTES + 3 * len(LONG)  # a copy is written a moment later


def test_an_abandoned_stream_ends_like_any_other(start_limited, calling):
    before = under_way(calling)
    calling.on("POST", CHAT, sse(*[EVENT] * 10_000, delay=0.1))
    gateway, key = start_limited(BACKINGS[0], GATEWAY_STREAM_MAX_SECONDS="3")
    (request_id,) = resumable(asyncio.run(abandon(gateway, [key], 1)))
    with client_of(gateway, key) as client:
        last = client.get(f"{CHAT}/{request_id}/stream").content.split(b"\n\n")[-2]
    assert "error" in json.loads(last.removeprefix(b"data: "))
    wait_until(lambda: under_way(calling) <= before, what="the call to end")


def finished(client):
    """The id of a stream that was read to its end."""
    answer = client.post(CHAT, json=chat_body("gpt-4o", stream=True), headers={HEADER: "true"})
    assert answer.headers[HEADER] == "true"
    return answer.headers["x-request-id"]
