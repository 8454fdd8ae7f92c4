"""The row that each way to end leaves, seen from outside."""

import json

import pytest

from tests.support.api import CHAT, asked, chat_body, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.processes import wait_until
from tests.support.responders import chunk, hang, head, json_response, reset_after, sse
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream
from tests.usage.rows import row_of, rows_of

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
DELTA = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {
    "choices": [],
    "usage": {
        "prompt_tokens": 12,
        "completion_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 1},
    },
}


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture(scope="module", params=BACKINGS[:1])  # storing is tested on both
def gateway(request, stores, tmp_path_factory):
    with live_gateway(stores, request.param, tmp_path_factory.mktemp("usage")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def client(gateway, upstream):
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    with client_of(gateway, gateway.api_key("alice")) as client:
        wait_for_models(client, "gpt-4o")
        yield client


def counts(row):
    names = ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")
    return tuple(row[name] for name in names)


@pytest.mark.parametrize("is_asked", [True, False], ids=["with include_usage", "without"])
def test_a_stream_is_counted_as_the_upstream_counts(gateway, client, upstream, is_asked):
    upstream.on("POST", CHAT, sse(DELTA, DELTA, FINISH, USAGE))
    options = {"stream_options": {"include_usage": True}} if is_asked else {}
    answer = client.post(CHAT, json=chat_body("gpt-4o", stream=True, **options))
    assert answer.text.endswith("[DONE]\n\n")
    row = row_of(gateway, answer.headers["x-request-id"])
    assert (counts(row), row["tokens_from"]) == ((12, 8, 3, 1), "upstream")
    assert (row["status"], row["error_code"], bool(row["is_streamed"])) == (200, "", True)
    assert (row["connection"], row["upstream_model"], row["attempts"]) == ("scripted", "gpt-4o", 1)
    assert row["attempt_log"] is None
    assert row["first_byte_ms"] <= row["duration_ms"]


def test_a_whole_answer_is_counted(gateway, client, upstream):
    upstream.on("POST", CHAT, json_response({"choices": [], "usage": USAGE["usage"]}))
    answer = client.post(CHAT, json=chat_body("gpt-4o"), headers={"X-Client-Request-Id": "mine-1"})
    row = row_of(gateway, answer.headers["x-request-id"])
    assert (counts(row), row["status"]) == ((12, 8, 3, 1), 200)
    assert (row["username"], row["client_request_id"]) == ("alice", "mine-1")
    assert row["bytes_sent"] == len(answer.content)
    assert row["bytes_received"] == len(answer.request.content)


@pytest.mark.parametrize("is_streamed", [True, False], ids=["streamed", "whole"])
def test_the_tier_of_the_answer_is_recorded_and_not_the_one_asked_for(
    gateway, client, upstream, is_streamed
):
    told = {"service_tier": "default"}
    whole = json_response({"choices": [], "usage": USAGE["usage"]} | told)
    events = sse(*(each | told for each in (DELTA, FINISH, USAGE)))
    upstream.on("POST", CHAT, events if is_streamed else whole)
    body = chat_body("gpt-4o", stream=is_streamed, service_tier="flex")
    answer = client.post(CHAT, json=body)
    assert row_of(gateway, answer.headers["x-request-id"])["service_tier"] == "default"


def test_a_stream_that_fails_in_the_middle_keeps_its_status_and_says_why(gateway, client, upstream):
    upstream.on("POST", CHAT, reset_after(STREAM_HEAD + chunk(EVENT)))
    answer = client.post(CHAT, json=chat_body("gpt-4o", stream=True))
    assert "error" in answer.text
    row = row_of(gateway, answer.headers["x-request-id"])
    assert row["status"] == 200
    assert row["error_code"].startswith("upstream_")
    assert (row["tokens_from"], bool(row["is_client_gone"])) == ("estimated", False)


def test_a_client_that_leaves_in_the_middle_is_recorded(gateway, client, upstream):
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
    with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as answer:
        next(answer.iter_bytes())
    row = row_of(gateway, answer.headers["x-request-id"])
    assert (row["status"], bool(row["is_client_gone"]), row["chunks"]) == (200, True, 1)
    assert row["tokens_from"] == "estimated"


def test_a_client_that_leaves_before_its_answer_has_status_499(gateway, client, upstream):
    upstream.on("POST", CHAT, hang())
    known, calls = len(rows_of(gateway)), len(upstream.calls)
    with asked(gateway, gateway.api_key("alice"), model="gpt-4o"):
        wait_until(lambda: len(upstream.calls) > calls, what="the call")
    wait_until(lambda: len(rows_of(gateway)) > known, what="the row")
    row = rows_of(gateway)[-1]
    assert (row["status"], bool(row["is_client_gone"]), row["tokens_from"]) == (499, True, "none")


def test_an_upstream_that_refuses_is_recorded(gateway, client, upstream):
    upstream.on("POST", CHAT, json_response({"error": {"message": "no"}}, status=400))
    answer = client.post(CHAT, json=chat_body("gpt-4o"))
    row = row_of(gateway, answer.headers["x-request-id"])
    assert (row["status"], row["attempts"], row["tokens_from"]) == (400, 1, "none")
    assert row["error_code"]
    told = row["attempt_log"]
    [attempt] = json.loads(told) if isinstance(told, str) else told
    assert (attempt["connection"], attempt["status"], attempt["outcome"]) == (
        "scripted",
        400,
        "refused",
    )


def test_an_unknown_model_is_recorded_without_a_connection(gateway, client):
    answer = client.post(CHAT, json=chat_body("nothing"))
    row = row_of(gateway, answer.headers["x-request-id"])
    assert (row["status"], row["error_code"]) == (404, "model_not_found")
    assert (row["connection"], row["attempts"], row["cost"]) == ("", 0, None)


def test_requests_that_were_never_accepted_leave_no_row(gateway, client):
    refused = [
        client.post(CHAT, json=chat_body("gpt-4o"), headers={"Authorization": "Bearer sk-gw-no"}),
        client.post(CHAT, content=b"{", headers={"Content-Type": "application/json"}),
        client.post(CHAT, json={"model": "gpt-4o"}),
    ]
    assert [answer.status_code for answer in refused] == [401, 400, 400]
    marker = client.post(CHAT, json=chat_body("no-such-model")).headers["x-request-id"]
    row_of(gateway, marker)
    known = {row["request_id"] for row in rows_of(gateway)}
    assert not known & {answer.headers["x-request-id"] for answer in refused}
