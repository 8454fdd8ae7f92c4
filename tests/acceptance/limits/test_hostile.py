"""Callers who want more than their limits allow, and upstreams that lie, before a whole gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import LiveGateway
from tests.support.processes import wait_until
from tests.support.upstream import ScriptedUpstream, chunk, hang, head, json_response, raw

pytestmark = pytest.mark.acceptance

MODEL = "inhouse"
LIMITS = {
    "spells": {"metric": "output_tokens", "window": "day", "amount": 400},
    "pads": {"metric": "tokens", "window": "day", "amount": 2_000_000},
    "detaches": {"metric": "tokens", "window": "day", "amount": 100_000},
    "repeats": {"metric": "requests", "window": "day", "amount": 5},
    "listens": {"metric": "audio_seconds", "window": "day", "amount": 90},
    "lied-to": {"metric": "tokens", "window": "hour", "amount": 100_000},
}
MAKE = """
from accounts.models import User
from limits.models import Limit
for name, fields in {limits!r}.items():
    user = User.objects.get(username=name)
    Limit.objects.create(label=f"limit {{name}}", subject_kind="user", user=user, **fields)
"""
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=(MODEL,)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def clients(gateway: LiveGateway, upstream: ScriptedUpstream) -> Iterator[dict[str, httpx.Client]]:
    """A client of each user, once the gateway knows all limits."""
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    clients = {name: client_of(gateway, gateway.api_key(name)) for name in LIMITS}
    gateway.manage("shell", "-v0", "-c", MAKE.format(limits=LIMITS))
    for client in clients.values():
        wait_for_models(client, MODEL)
        wait_until(lambda client=client: client.get("/v1/limits").json()["data"], what="the limit")
    yield clients
    for client in clients.values():
        client.close()


def used(client: httpx.Client) -> float:
    [limit] = client.get("/v1/limits").json()["data"]
    return float(limit["used"])


@pytest.mark.parametrize("value", ["100000", -1, 0, True])
def test_no_spelling_of_a_maximum_leads_around_what_is_left(clients, upstream, value) -> None:
    before = len(upstream.requests)
    answer = clients["spells"].post(CHAT, json=chat_body(MODEL, max_tokens=value))
    assert answer.status_code == 200
    [asked] = [each for each in upstream.requests[before:] if each.method == "POST"]
    sent = json.loads(asked.body)
    assert type(sent["max_tokens"]) is int
    assert 16 <= sent["max_tokens"] <= 400


def test_who_hangs_up_before_the_usage_is_told_pays_all_the_same(clients, upstream) -> None:
    body = chat_body(MODEL, stream=True, metadata={"padding": "x" * 600_000})
    begun = head(content_type="text/event-stream", transfer_encoding="chunked")
    with upstream.as_it_was():
        upstream.on("POST", "/v1/chat/completions", hang(begun + 5 * chunk(EVENT)))
        with clients["pads"].stream("POST", CHAT, json=body) as answer:
            assert answer.status_code == 200
            lines = (line for line in answer.iter_lines() if line)
            for _ in range(5):
                next(lines)
    wait_until(lambda: upstream.disconnects, what="the client to have left")
    wait_until(lambda: used(clients["pads"]) < 1_000_000, what="the settlement")
    assert used(clients["pads"]) > 5


def test_a_response_in_the_background_reaches_no_upstream(clients, upstream) -> None:
    before = len(upstream.requests)
    body = {"model": MODEL, "input": "Hi", "background": True}
    answer = clients["detaches"].post("/v1/responses", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "background")
    assert not [each for each in upstream.requests[before:] if each.method == "POST"]
    assert used(clients["detaches"]) == 0


def test_a_request_id_of_the_clients_names_no_reservation(clients) -> None:
    named = {"x-request-id": "mine", "x-client-request-id": "mine"}

    def ask(_: int) -> int:
        return clients["repeats"].post(CHAT, json=chat_body(MODEL), headers=named).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(ask, range(12)))
    assert (statuses.count(200), statuses.count(429)) == (5, 7)


def test_sound_of_an_unknown_length_that_is_answered_in_plain_text_counts(
    clients, upstream
) -> None:
    form = (
        b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n%b\r\n'
        b'--b\r\nContent-Disposition: form-data; name="response_format"\r\n\r\ntext\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n'
        b"Content-Type: audio/mpeg\r\n\r\nsound\r\n--b--\r\n"
    ) % MODEL.encode()

    def ask() -> int:
        return (
            clients["listens"]
            .post(
                "/v1/audio/transcriptions",
                content=iter([form]),  # in chunks: no header tells how long it is
                headers={"content-type": "multipart/form-data; boundary=b"},
            )
            .status_code
        )

    text = head(content_type="text/plain", content_length=5) + b"Hello"
    with upstream.as_it_was():
        upstream.on("POST", "/v1/audio/transcriptions", raw(text))
        assert ask() == 200
        assert used(clients["listens"]) == 60
        assert ask() == 429


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -50_000, "completion_tokens": -1},
        {"prompt_tokens": 10**30, "completion_tokens": 1e300},
        {"prompt_tokens": True, "completion_tokens": "many"},
        {
            "prompt_tokens": 9,
            "completion_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": -9},
        },
    ],
)
def test_a_lie_of_the_upstream_gives_nothing_back(clients, upstream, usage) -> None:
    before = used(clients["lied-to"])
    answer = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
        ],
        "usage": usage,
    }
    with upstream.as_it_was():
        upstream.on("POST", "/v1/chat/completions", json_response(answer))
        asked = clients["lied-to"].post(CHAT, json=chat_body(MODEL, max_tokens=5))
    assert asked.status_code in {200, 502}
    assert clients["lied-to"].get("/v1/limits").status_code == 200
    assert before - 5000 < used(clients["lied-to"]) < before + 5000
