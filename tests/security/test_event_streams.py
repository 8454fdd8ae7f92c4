"""Characters that some libraries take for line ends must not become any on the way."""

import pytest

from tests.support.api import CHAT, chat_body
from tests.support.responders import chunk, head, raw

pytestmark = pytest.mark.acceptance

LINE_ENDS_TO_SOME = ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x00"]
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


def event(content):
    return b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % content.encode()


def stream_through(alice, upstream, content, *, step):
    fields = {"content_type": "text/event-stream", "transfer_encoding": "chunked"}
    pieces = [chunk(content[at : at + step]) for at in range(0, len(content), step)]
    upstream.on("POST", CHAT, raw(head(**fields) + b"".join(pieces) + chunk(b"")))
    answer = alice.post(CHAT, json=chat_body("open", stream=True))
    assert answer.status_code == 200
    return answer.content


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize("character", LINE_ENDS_TO_SOME, ids=ascii)
def test_every_character_arrives_byte_for_byte(alice, upstream, character, step):
    forged = f'a{character}data: {{"choices":[]}}{character}{character}data: [DONE]'
    content = event(forged) + FINISH + DONE
    assert stream_through(alice, upstream, content, step=step) == content


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_true_line_end_is_one(alice, upstream, end):
    content = (event("Hello") + FINISH + DONE).replace(b"\n", end)
    assert stream_through(alice, upstream, content, step=5) == content


def test_quoted_marks_of_an_end_or_an_error_are_only_text(alice, upstream):
    content = event(r"[DONE] \"error\": {\"message\": 1} \"usage\": {}\n\ndata: [DONE]\n\n")
    content += FINISH + DONE
    assert stream_through(alice, upstream, content, step=11) == content


def test_nothing_follows_the_upstreams_done(alice, upstream):
    content = event("Hello") + FINISH + DONE
    assert stream_through(alice, upstream, content + event("more"), step=10).endswith(DONE)
