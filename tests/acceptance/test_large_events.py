"""One event of 12 MiB, as a picture is, on every road that a stream can take."""

from __future__ import annotations

import json

import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.responders import sse
from tests.support.sockets import heard_to_the_end, open_socket, say
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

PICTURE = "iVBORw0K" * (12 * 2**20 // 8)
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
CHUNKS = [{"choices": [{"index": 0, "delta": {"content": PICTURE}}]}, FINISH]
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "c", "content": []}
EVENTS = [
    {"type": "message_start", "message": MESSAGE | {"usage": {"input_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": PICTURE}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
]
RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "output": []}
RESPONSES = [
    {"type": "response.created", "sequence_number": 0, "response": RESPONSE},
    {
        "type": "response.image_generation_call.partial_image",
        "sequence_number": 1,
        "partial_image_b64": PICTURE,
    },
    {"type": "response.completed", "sequence_number": 2, "response": RESPONSE},
]
IMAGES = [{"type": "image_generation.completed", "b64_json": PICTURE, "created_at": 1}]


def named(events):
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("m",)) as upstream:
        upstream.on("POST", "/v1/chat/completions", sse(*CHUNKS))
        upstream.on("POST", "/v1/messages", sse(*named(EVENTS), done=False))
        upstream.on("POST", "/v1/responses", sse(*named(RESPONSES), done=False))
        upstream.on("POST", "/v1/images/generations", sse(*named(IMAGES), done=False))
        yield upstream


@pytest.fixture(scope="module")
def key(gateway, upstream):
    gateway.configure(
        connections=[
            {"name": "plain", "base_url": upstream.url, "keys": ["k"], "model_ids": ["m"]},
            {
                "name": "claude",
                "provider": "anthropic",
                "base_url": upstream.url,
                "keys": ["k"],
                "model_ids": ["c"],
            },
        ],
        grants=[{"models": ["*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "m", "c")
    return key


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, chat_body("m")),
        (CHAT, chat_body("c", max_tokens=9)),
        ("/v1/messages", chat_body("m", max_tokens=9)),
        ("/v1/messages", chat_body("c", max_tokens=9)),
        ("/v1/responses", {"model": "m", "input": "A gate"}),
        ("/v1/images/generations", {"model": "m", "prompt": "A gate"}),
    ],
)
def test_it_passes(gateway, key, path, body):
    with client_of(gateway, key) as client:
        answer = client.post(path, json=body | {"stream": True})
    assert answer.status_code == 200
    assert PICTURE in answer.text
    assert '"error"' not in answer.text


def test_it_passes_in_a_stream_that_can_be_resumed(gateway, key):
    with client_of(gateway, key) as client:
        headers = {"x-gateway-resumable": "true"}
        answer = client.post(CHAT, json=chat_body("m", stream=True), headers=headers)
    assert PICTURE in answer.text


def test_it_passes_over_a_websocket(gateway, key):
    with open_socket(gateway, key, max_size=None) as socket:
        say(socket, {"request_id": "a", **chat_body("m", stream=True)})
        messages = heard_to_the_end(socket, "a")["a"]
    assert any(PICTURE in json.dumps(message) for message in messages)
    assert messages[-1]["type"] == "done"
