"""Real clients take a stream that merely stops for a whole one. Ours must fail for them."""

import json
import subprocess

import httpx
import openai
import pytest
from langchain_openai import ChatOpenAI

from tests.support.client_packages import node_project
from tests.support.plain_http import PLAIN_HTTP
from tests.support.programs import isolated
from tests.support.responders import chunk, close_after, complete_chat, head, reset_after
from tests.support.serving import gateway_before
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

CHAT = "/v1/chat/completions"
CHUNK = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1_700_000_000,
    "model": "gpt-4o",
    "choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": None}],
}
BEGUN = head(content_type="text/event-stream", transfer_encoding="chunked") + chunk(
    b"data: %b\n\n" % json.dumps(CHUNK).encode()
)
TRUNCATIONS = {
    "a clean end": close_after(BEGUN + chunk(b"")),
    "a hang-up": close_after(BEGUN),
    "a reset": reset_after(BEGUN),
    "half an event": close_after(BEGUN + chunk(b'data: {"cho') + chunk(b"")),
}
truncated = pytest.mark.parametrize("responder", TRUNCATIONS.values(), ids=TRUNCATIONS)


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def served(stores, tmp_path_factory, upstream):
    """The base URL of a gateway, and a key for it."""
    directory = tmp_path_factory.mktemp("truncated")
    with gateway_before(upstream, stores, directory) as (gateway, key):
        yield f"{gateway.url}/v1", key


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """``node(base_url, key)``: what openai-node sees of a stream."""
    directory = node_project("node", tmp_path_factory.mktemp("node"))

    def see(base_url, key):
        done = subprocess.run(
            ["node", "stream.mjs", "gpt-4o"],
            cwd=directory,
            env=isolated(directory, OPENAI_BASE_URL=base_url, OPENAI_API_KEY=key),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    return see


def test_a_whole_stream_is_whole_for_openai_node(served, upstream, node):
    upstream.on("POST", CHAT, complete_chat)
    assert node(*served) == {"text": "Hello world", "finishReason": "stop", "error": None}


@truncated
def test_openai_node_raises(served, upstream, node, responder):
    upstream.on("POST", CHAT, responder)
    seen = node(*served)
    assert seen["text"] == "Hel"
    assert seen["error"]["code"] == "upstream_invalid_response"


@truncated
def test_openai_python_raises(served, upstream, responder):
    upstream.on("POST", CHAT, responder)
    base_url, key = served
    with (
        openai.OpenAI(base_url=base_url, api_key=key, max_retries=0) as sdk,
        pytest.raises(openai.APIError) as caught,
    ):
        list(sdk.chat.completions.create(model="gpt-4o", messages=[], stream=True))
    assert caught.value.code == "upstream_invalid_response"


@pytest.fixture
def langchain(served):
    base_url, key = served
    with httpx.Client(**PLAIN_HTTP) as client:
        yield ChatOpenAI(
            base_url=base_url, api_key=key, model="gpt-4o", max_retries=0, http_client=client
        )


def test_a_whole_stream_is_whole_for_langchain(langchain, upstream):
    upstream.on("POST", CHAT, complete_chat)
    assert "".join(part.text for part in langchain.stream("Hello")) == "Hello world"


@truncated
def test_langchain_raises(langchain, upstream, responder):
    upstream.on("POST", CHAT, responder)
    with pytest.raises(openai.APIError) as caught:
        list(langchain.stream("Hello"))
    assert caught.value.code == "upstream_invalid_response"
