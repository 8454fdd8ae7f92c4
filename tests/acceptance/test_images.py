"""Images through the real SDK; large ones pass without being held."""

import threading
from io import BytesIO

import openai
import psutil
import pytest

from tests.support.api import client_of, wait_for_models
from tests.support.responders import json_response, sse
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

MB = 2**20
ANSWER = {"created": 1_700_000_000, "data": [{"b64_json": "aW1hZ2U="}]}
PATHS = ("/v1/images/generations", "/v1/images/edits", "/v1/images/variations")


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-image-1", "secret")) as upstream:
        for path in PATHS:
            upstream.on("POST", path, json_response(ANSWER))
        yield upstream


@pytest.fixture(scope="module")
def key(gateway, upstream):
    gateway.configure(
        connections=[{"name": "images", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["gpt-image-1"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-image-1")
    return key


@pytest.fixture
def sdk(gateway, key):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as sdk:
        yield sdk


class Peak:
    """The most memory a process has held, in bytes, while the block ran."""

    def __init__(self, pid):
        self._process = psutil.Process(pid)
        self.before = self.bytes = self._process.memory_info().rss
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self._is_over.wait(0.005):
            self.bytes = max(self.bytes, self._process.memory_info().rss)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._is_over.set()
        self._thread.join()


def test_an_image_is_generated(sdk, upstream):
    answer = sdk.images.generate(model="gpt-image-1", prompt="A gate")
    assert answer.data[0].b64_json == "aW1hZ2U="
    assert upstream.calls[-1].json == {"model": "gpt-image-1", "prompt": "A gate"}


def test_an_image_is_streamed(sdk, upstream):
    partial = {
        "type": "image_generation.partial_image",
        "b64_json": "YQ==",
        "partial_image_index": 0,
    }
    events = [partial, {"type": "image_generation.completed", "b64_json": "aW1hZ2U="}]
    upstream.on("POST", PATHS[0], sse(*events, done=False), json_response(ANSWER))
    stream = sdk.images.generate(model="gpt-image-1", prompt="A gate", stream=True)
    assert [event.b64_json for event in stream] == ["YQ==", "aW1hZ2U="]


def test_an_image_that_comes_whole_is_told_as_a_stream(sdk):
    stream = sdk.images.generate(model="gpt-image-1", prompt="A gate", stream=True)
    assert [event.b64_json for event in stream] == ["aW1hZ2U="]


def test_an_image_that_is_never_completed_is_an_error(sdk, upstream):
    partial = {"type": "image_generation.partial_image", "b64_json": "YQ=="}
    upstream.on("POST", PATHS[0], sse(partial, done=False), json_response(ANSWER))
    with pytest.raises(openai.APIError, match="before it was complete"):
        list(sdk.images.generate(model="gpt-image-1", prompt="A gate", stream=True))


def test_an_image_is_edited(sdk, upstream):
    image = ("gate.png", b"\x89PNG\r\n\r\n--", "image/png")
    answer = sdk.images.edit(model="gpt-image-1", prompt="A moat, too", image=image)
    assert answer.data[0].b64_json == "aW1hZ2U="
    body = upstream.calls[-1].body
    assert b'filename="gate.png"' in body
    assert image[1] in body
    assert b"A moat, too" in body


def test_an_image_is_varied(sdk, upstream):
    with pytest.warns(DeprecationWarning, match="deprecated"):
        answer = sdk.images.create_variation(model="gpt-image-1", image=BytesIO(b"PNG"))
    assert answer.data[0].b64_json == "aW1hZ2U="
    assert upstream.calls[-1].target == PATHS[2]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_large_image_passes_without_being_held(gateway, key, upstream, is_first):
    image = b"\x89PNG" + bytes(50 * MB)
    fields = {"model": (None, b"gpt-image-1"), "prompt": (None, b"A moat")}
    files = {"image": ("gate.png", image, "image/png")}
    form = fields | files if is_first else files | fields
    with client_of(gateway, key, timeout=60) as client:
        wait_for_models(client, "gpt-image-1")
        with Peak(gateway.process.pid) as peak:
            answer = client.post(PATHS[1], files=form)
    assert answer.json() == ANSWER
    assert image in upstream.calls[-1].body
    assert peak.bytes - peak.before < 30 * MB


def test_no_byte_of_an_image_goes_to_a_model_that_is_not_granted(gateway, key, upstream):
    before = len(upstream.calls)
    for model in ("secret", "images/secret"):
        form = {"image": ("gate.png", bytes(2 * MB), "image/png"), "model": (None, model.encode())}
        with client_of(gateway, key) as client:
            assert client.post(PATHS[1], files=form).status_code == 404
    assert len(upstream.calls) == before
