"""OpenAI's Responses through the real SDK: made, streamed, and asked for again by their owner."""

import json

import openai
import pytest
from openai.types.responses import Response

from tests.faults.ledger import Ledger
from tests.support.api import client_of, wait_for_models
from tests.support.processes import wait_until
from tests.support.responders import chunk, close_after, head, json_response, raw
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

PATH = "/v1/responses"
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1_700_000_000,
    "status": "completed",
    "error": None,
    "model": "gpt-4o",
    "output": [
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hello world", "annotations": []}],
        }
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11},
}
REFUSED = "response.refusal.delta"
RICH = RESPONSE | {
    "output": [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "Think."}],
            "content": [{"type": "reasoning_text", "text": "Hm."}],
            "encrypted_content": "c2VjcmV0",
        },
        RESPONSE["output"][0]
        | {
            "content": [
                {
                    "type": "output_text",
                    "text": "Hello world",
                    "annotations": [
                        {
                            "type": "url_citation",
                            "url": "https://example.org/",
                            "title": "Example",
                            "start_index": 0,
                            "end_index": 5,
                        }
                    ],
                    "logprobs": [],
                },
                {"type": "refusal", "refusal": "But no."},
            ]
        },
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": "weather",
            "arguments": '{"city":"Paris"}',
            "status": "completed",
        },
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "Paris"},
        },
    ]
}


def event(kind, number, **fields):
    body = {"type": kind, "sequence_number": number, **fields}
    return f"event: {kind}\ndata: {json.dumps(body)}\n\n".encode()


def streamed(response_id):
    made = RESPONSE | {"id": response_id}
    begun = made | {"status": "in_progress", "output": []}
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    return b"".join(
        [
            event("response.created", 0, response=begun),
            event("response.output_text.delta", 1, delta="Hello\u2028world", **where),
            event("response.completed", 2, response=made),
        ]
    )


STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")


def stream_of(body):
    return raw(STREAM_HEAD + chunk(body[:50]) + chunk(body[50:]) + chunk(b""))


@pytest.fixture(scope="module")
def upstreams():
    with (
        ScriptedUpstream(models=("gpt-4o",)) as one,
        ScriptedUpstream(models=("gpt-4o", "gpt-4o-mini")) as two,
    ):
        for upstream, response_id in ((one, "resp_1"), (two, "resp_2")):
            made = RESPONSE | {"id": response_id}
            upstream.on("POST", PATH, json_response(made))
            upstream.on("GET", f"{PATH}/{response_id}", json_response(made))
            upstream.on("POST", f"{PATH}/{response_id}/cancel", json_response(made))
            deleted = {"id": response_id, "object": "response.deleted", "deleted": True}
            upstream.on("DELETE", f"{PATH}/{response_id}", json_response(deleted))
            items = {"object": "list", "data": [], "has_more": False}
            upstream.on("GET", f"{PATH}/{response_id}/input_items", json_response(items))
        yield one, two


@pytest.fixture(scope="module")
def keys(gateway, upstreams):
    one, two = upstreams
    gateway.configure(
        connections=[
            {"name": "one", "base_url": one.url, "keys": ["sk-one"], "priority": 1},
            {"name": "two", "base_url": two.url, "keys": ["sk-two"], "priority": 2},
        ],
        grants=[{"models": ["*"], "everyone": True}],
    )
    keys = {"alice": gateway.api_key("alice"), "bob": gateway.api_key("bob")}
    with client_of(gateway, keys["alice"]) as client:
        wait_for_models(client, "gpt-4o", "gpt-4o-mini")
    return keys


@pytest.fixture
def alice(gateway, keys):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=keys["alice"], max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def bob(gateway, keys):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=keys["bob"], max_retries=0) as sdk:
        yield sdk


def test_a_response(alice, upstreams):
    response = alice.responses.create(model="gpt-4o", input="Hello")
    assert (response.id, response.output_text) == ("resp_1", "Hello world")
    assert upstreams[0].calls[-1].json == {"model": "gpt-4o", "input": "Hello"}


def test_a_stream_of_a_response_is_untouched(gateway, keys, upstreams):
    events = streamed("resp_1")
    upstreams[0].on("POST", PATH, stream_of(events), json_response(RESPONSE))
    with client_of(gateway, keys["alice"]) as client:
        answer = client.post(PATH, json={"model": "gpt-4o", "input": "Hello", "stream": True})
    assert answer.content == events


async def test_a_stream_of_a_response_is_read_by_the_sdk(gateway, keys, upstreams):
    upstreams[0].on("POST", PATH, stream_of(streamed("resp_1")), json_response(RESPONSE))
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=keys["alice"]) as sdk:
        stream = await sdk.responses.create(model="gpt-4o", input="Hello", stream=True)
        kinds = [event.type async for event in stream]
    assert kinds == ["response.created", "response.output_text.delta", "response.completed"]


def breaks_after(told):
    """A stream of a response whose connection closes after ``told`` events."""
    events = b"".join(part + b"\n\n" for part in streamed("resp_1").split(b"\n\n")[:told])
    return close_after(STREAM_HEAD + chunk(b": wait\n\n") + (chunk(events) if events else b""))


def test_a_stream_that_breaks_off_ends_with_a_response_that_failed(alice, upstreams):
    upstreams[0].on("POST", PATH, breaks_after(2), json_response(RESPONSE))
    seen = list(alice.responses.create(model="gpt-4o", input="Hello", stream=True))
    Response.model_validate(seen[-1].response.model_dump(warnings="error"), strict=True)
    assert [event.type for event in seen[-2:]] == ["error", "response.failed"]
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    failed = seen[-1].response
    assert (failed.id, failed.status, failed.error.code) == ("resp_1", "failed", "server_error")


@pytest.mark.parametrize("told", [0, 1])
def test_a_stream_that_breaks_off_before_its_content_has_a_status(alice, upstreams, told):
    upstreams[0].on("POST", PATH, breaks_after(told), json_response(RESPONSE))
    with pytest.raises(openai.InternalServerError) as caught:
        alice.responses.create(model="gpt-4o", input="Hello", stream=True)
    assert caught.value.status_code == 502
    assert caught.value.code == "upstream_invalid_response"


@pytest.fixture
def in_one_piece(upstreams):
    """Has the first upstream answer so, streamed or not, for the length of a test."""
    yield lambda answer: upstreams[0].on("POST", PATH, json_response(answer))
    upstreams[0].on("POST", PATH, json_response(RESPONSE))


def test_a_response_in_one_piece_is_streamed(alice, in_one_piece):
    in_one_piece(RICH)
    with alice.responses.stream(model="gpt-4o", input="Hello") as stream:
        events = list(stream)
        final = stream.get_final_response()
    without_parsed = {"output": {"__all__": {"content": {"__all__": {"parsed"}}}}}
    told = final.model_dump(mode="json", exclude_unset=True, exclude=without_parsed)
    for item in told["output"]:
        item.pop("parsed_arguments", None)
    assert told == RICH
    assert [event.sequence_number for event in events] == list(range(len(events)))
    snapshots = [event.snapshot for event in events if event.type.endswith("s.delta")]
    assert snapshots == ['{"city":"Paris"}']
    deltas = [e.delta for e in events if e.type in ("response.output_text.delta", REFUSED)]
    assert deltas == ["Hello world", "But no."]


def test_a_streamed_response_in_one_piece_is_kept_too(alice, in_one_piece, upstreams):
    in_one_piece(RESPONSE | {"id": "resp_p"})
    upstreams[0].on("GET", f"{PATH}/resp_p", json_response(RESPONSE | {"id": "resp_p"}))
    list(alice.responses.create(model="gpt-4o", input="Hello", stream=True))
    assert alice.responses.retrieve("resp_p").output_text == "Hello world"
    *_, last = alice.responses.retrieve("resp_p", stream=True)
    assert last.response.output_text == "Hello world"


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        ("failed", {"error": {"code": "server_error", "message": "Boom."}}),
        ("incomplete", {"incomplete_details": {"reason": "max_output_tokens"}}),
    ],
)
def test_a_response_in_one_piece_that_did_not_succeed_says_so(alice, in_one_piece, status, fields):
    in_one_piece(RESPONSE | {"status": status, **fields})
    *events, last = alice.responses.create(model="gpt-4o", input="Hello", stream=True)
    assert last.type == f"response.{status}"
    assert last.response.model_dump(mode="json", exclude_unset=True) == (
        RESPONSE | {"status": status, **fields}
    )
    assert "response.completed" not in {event.type for event in events}


def test_a_response_is_kept_where_it_was_made(alice, upstreams):
    alice.responses.create(model="gpt-4o-mini", input="Hello")
    assert alice.responses.retrieve("resp_2", include=["file_search_call.results"]).id == "resp_2"
    asked = upstreams[1].requests[-1]
    assert asked.target == f"{PATH}/resp_2?include%5B%5D=file_search_call.results"
    assert asked.header("Authorization") == "Bearer sk-two"
    assert alice.responses.input_items.list("resp_2").data == []
    assert alice.responses.cancel("resp_2").id == "resp_2"
    assert upstreams[1].requests[-1].body == b""


def test_a_response_goes_on_where_the_one_before_is(alice, upstreams):
    alice.responses.create(model="gpt-4o-mini", input="Hello")
    before = len(upstreams[0].calls)
    alice.responses.create(model="gpt-4o", input="And?", previous_response_id="resp_2")
    assert len(upstreams[0].calls) == before
    assert upstreams[1].calls[-1].json["previous_response_id"] == "resp_2"


def test_a_streamed_response_is_kept_too(alice, gateway, keys, upstreams):
    upstreams[0].on("POST", PATH, stream_of(streamed("resp_s")), json_response(RESPONSE))
    upstreams[0].on("GET", f"{PATH}/resp_s", json_response(RESPONSE | {"id": "resp_s"}))
    list(alice.responses.create(model="gpt-4o", input="Hello", stream=True))
    assert alice.responses.retrieve("resp_s").id == "resp_s"


def test_a_kept_response_is_streamed_again(alice, upstreams):
    alice.responses.create(model="gpt-4o", input="Hello")
    upstreams[0].on("GET", f"{PATH}/resp_1", stream_of(streamed("resp_1")), json_response(RESPONSE))
    events = list(alice.responses.retrieve("resp_1", stream=True, starting_after=0))
    assert events[-1].type == "response.completed"
    assert upstreams[0].requests[-1].target == f"{PATH}/resp_1?starting_after=0&stream=true"


def test_a_failure_is_booked_when_it_happens_and_not_when_it_is_read(alice, gateway, upstreams):
    failed = RESPONSE | {"id": "resp_f", "status": "failed", "error": {"message": "Boom"}}
    upstreams[0].on("POST", PATH, json_response(failed), json_response(RESPONSE))
    upstreams[0].on("GET", f"{PATH}/resp_f", json_response(failed), json_response(RESPONSE))
    ledger = Ledger(gateway)
    alice.responses.create(model="gpt-4o", input="Hello")
    ledger.assert_one_more(200, "upstream_error")
    assert alice.responses.retrieve("resp_f").status == "failed"
    ledger.assert_one_more(200)


def test_nobody_else_is_told_of_a_response(alice, bob, upstreams):
    alice.responses.create(model="gpt-4o", input="Hello")
    before = len(upstreams[0].requests)
    ask = (bob.responses.retrieve, bob.responses.delete, bob.responses.cancel)
    for asked in (*ask, bob.responses.input_items.list):
        with pytest.raises(openai.NotFoundError) as caught:
            asked("resp_1")
        assert caught.value.code == "response_not_found"
    with pytest.raises(openai.BadRequestError) as caught:
        bob.responses.create(model="gpt-4o", input="And?", previous_response_id="resp_1")
    assert caught.value.code == "previous_response_not_found"
    assert [r for r in upstreams[0].requests[before:] if r.target.startswith(PATH)] == []


def test_conversations_are_refused(alice, upstreams):
    before = len(upstreams[0].calls)
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        alice.responses.create(model="gpt-4o", input="Hello", conversation="conv_1")
    assert len(upstreams[0].calls) == before


def test_a_response_that_is_not_to_be_stored_is_not(alice, upstreams):
    upstreams[0].on("POST", PATH, json_response(RESPONSE | {"id": "resp_x"}))
    alice.responses.create(model="gpt-4o", input="Hello", store=False)
    upstreams[0].on("POST", PATH, json_response(RESPONSE))
    with pytest.raises(openai.NotFoundError):
        alice.responses.retrieve("resp_x")


def test_a_response_that_failed_tells_so_itself(alice, upstreams):
    failed = RESPONSE | {"status": "failed", "error": {"code": "server_error", "message": "Boom."}}
    upstreams[0].on("POST", PATH, json_response(failed), json_response(RESPONSE))
    assert alice.responses.create(model="gpt-4o", input="Hello").error.message == "Boom."


@pytest.mark.parametrize("response_id", ["..", "a%2Fb", "%2e%2e", "resp_1%0d%0aX: 1", "a" * 300])
def test_an_id_that_is_none_reaches_no_upstream(gateway, keys, upstreams, response_id):
    before = len(upstreams[0].requests)
    with client_of(gateway, keys["alice"]) as client:
        assert client.get(f"{PATH}/{response_id}").status_code == 404
    asked = [request.target for request in upstreams[0].requests[before:]]
    assert set(asked) <= {"/v1/models"}


def test_responses_outlive_the_worker(gateway, alice):
    alice.responses.create(model="gpt-4o", input="Hello")
    gateway.stop()
    gateway.start()
    wait_until(lambda: alice.models.list().data, what="models")
    assert alice.responses.retrieve("resp_1").id == "resp_1"
    assert alice.responses.delete("resp_1") is None
    with pytest.raises(openai.NotFoundError):
        alice.responses.retrieve("resp_1")
