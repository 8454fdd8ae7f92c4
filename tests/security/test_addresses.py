"""A picture or a file at an address of the account is an object of the account."""

import pytest

from tests.security.test_stored_objects import REALTIME, RESPONSES, SURFACES, body, code_of
from tests.support.api import client_of
from tests.support.sockets import open_socket, say
from wire_formats.messages.chat_with_blocks import has_blocks

pytestmark = pytest.mark.acceptance

ADDRESSES = ["gs://b/a.png", "S3://b/a.png", "file:///etc/passwd", "/srv/a.png", "file-1"]
PASSED = ["https://a.example/a.png", "data:image/png;base64,AAAA"]


def parts(url):
    """The parts of contents that some upstream fetches from ``url``."""
    yield {"type": "image_url", "image_url": {"url": url}}
    yield {"type": "image_url", "image_url": {"url": url, "detail": "low"}}
    yield {"type": "image_url", "image_url": url}
    yield {"type": "image_url", "imageUrl": url}
    yield {"type": "input_image", "image_url": url}
    yield {"type": "input_file", "file_url": url}
    yield {"type": "file", "file": {"url": url}}
    yield {"type": "audio_url", "audio_url": {"url": url}}
    yield {"type": "video_url", "video_url": {"url": url}}
    yield {"type": "document_url", "document_url": url}
    yield {"type": "image", "source": {"type": "url", "url": url}}
    yield {"type": "document", "source": {"type": "url", "url": url}}
    yield {"type": "image", "url": url}
    yield {"type": "tool_result", "content": [{"type": "image_url", "image_url": {"url": url}}]}


def bodies(url):
    for part in parts(url):
        yield {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, part]}]}
    yield {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]}
    yield {"input": [{"type": "function_call_output", "output": [{"image_url": url}]}]}
    yield {"image": [{"image_url": url}]}
    yield {"image": {"url": url}}
    yield {"image_urls": [PASSED[0], url]}


@pytest.fixture
def alice(house):
    with client_of(house.gateway, house.keys["alice"]) as client:
        yield client


@pytest.mark.parametrize("path", SURFACES)
def test_no_surface_takes_one(alice, unheard, path):
    for url in ADDRESSES:
        for fields in bodies(url):
            answer = alice.post(path, json=body(**fields))
            error = answer.json()["error"]
            assert answer.status_code == 400, (fields, answer.text)
            if error.get("param") != "input":  # where nothing but a string is taken
                assert "must be a URL of `http`, `https` or `data`" in error["message"], error


@pytest.mark.parametrize("path", ["/v1/chat/completions", RESPONSES])
def test_public_ones_and_contents_pass(house, alice, path):
    for url in PASSED:
        for fields in bodies(url):
            assert alice.post(path, json=body(**fields)).is_success
            # A chat with Anthropic's blocks is sent as a chat.
            is_chat_with_blocks = path != RESPONSES and has_blocks(body(**fields))
            assert house.http.calls[-1].json == body(**fields) or is_chat_with_blocks


def test_a_connection_may_share_its_objects(alice):
    for fields in bodies(ADDRESSES[0]):
        assert alice.post("/v1/chat/completions", json=body("common.main", **fields)).is_success


@pytest.mark.parametrize("path", [RESPONSES, REALTIME])
def test_no_event_of_a_socket_does(house, unheard, path):
    content = [{"type": "input_image", "image_url": ADDRESSES[0]}]
    event = {"type": "conversation.item.create", "item": {"type": "message", "content": content}}
    with open_socket(house.gateway, house.keys["bob"], path=path) as socket:
        say(socket, event if path == REALTIME else event | {"model": "talk"})
        assert code_of(socket) == "object_not_owned"
