"""The upstream of the proofs tells what real SDKs understand, and counts what it would charge."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import anthropic
import httpx
import openai
import pytest

from tests.support.plain_http import PLAIN_HTTP
from tests.support.scripted_upstream import (
    BilledUpstream,
    answer,
    cut,
    end_at_once,
    ended,
    error_first,
    html,
    keep_alives,
    malformed,
    numbered,
    silent,
    status,
)
from tests.support.successes import INPUT_TOKENS, OTHERS

HELLO = [{"role": "user", "content": "Hello"}]
TEXT = "One two three."


@pytest.fixture(scope="module")
def shared() -> Iterator[BilledUpstream]:
    with BilledUpstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(shared: BilledUpstream) -> BilledUpstream:
    shared.forget()
    return shared


@pytest.fixture
def client(upstream: BilledUpstream) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer k1"}
    with httpx.Client(base_url=upstream.url, headers=headers, **PLAIN_HTTP) as client:
        yield client


@pytest.fixture
def sdk(upstream: BilledUpstream) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=upstream.url, api_key="k1", max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def claude(upstream: BilledUpstream) -> Iterator[anthropic.Anthropic]:
    url = upstream.url.removesuffix("/v1")
    with anthropic.Anthropic(base_url=url, api_key="k2", max_retries=0) as sdk:
        yield sdk


def chat(client: httpx.Client, **fields: object) -> httpx.Response:
    return client.post("/chat/completions", json={"model": "m", "messages": HELLO, **fields})


def events(client: httpx.Client) -> list[str]:
    """The events of a chat, up to its end or its break."""
    got = ""
    body = {"model": "m", "messages": HELLO, "stream": True}
    with client.stream("POST", "/chat/completions", json=body) as response:
        try:
            for text in response.iter_text():
                got += text
        except httpx.TransportError:
            got += "broken\n\n"
    return got.split("\n\n")[:-1]


def test_chats_are_understood(sdk):
    whole = sdk.chat.completions.create(model="m", messages=HELLO)
    assert whole.choices[0].message.content == TEXT
    options = {"include_usage": True}
    parts = list(
        sdk.chat.completions.create(model="m", messages=HELLO, stream=True, stream_options=options)
    )
    assert "".join(p.choices[0].delta.content or "" for p in parts if p.choices) == TEXT
    assert parts[-1].usage.completion_tokens == whole.usage.completion_tokens == 3


def test_completions_are_understood(sdk):
    assert sdk.completions.create(model="m", prompt="Hi").choices[0].text == TEXT
    parts = sdk.completions.create(model="m", prompt="Hi", stream=True)
    assert "".join(part.choices[0].text for part in parts if part.choices) == TEXT


def test_responses_are_understood(sdk):
    assert sdk.responses.create(model="m", input="Hi").output_text == TEXT
    with sdk.responses.stream(model="m", input="Hi") as stream:
        assert stream.get_final_response().output_text == TEXT


def test_messages_are_understood(claude, upstream):
    whole = claude.messages.create(model="m", messages=HELLO, max_tokens=9)
    assert whole.content[0].text == TEXT
    with claude.messages.stream(model="m", messages=HELLO, max_tokens=9) as stream:
        assert stream.get_final_message().content[0].text == TEXT
    assert upstream.hits(key="k2") == 2


@pytest.mark.parametrize("last", OTHERS)
def test_other_endpoints_answer_with_json(client, last):
    assert client.post(f"/{last}", json={"model": "m"}).json() == OTHERS[last]


def test_speech_is_sound(client):
    spoken = client.post("/audio/speech", json={"model": "tts", "input": "Hi"})
    assert spoken.headers["content-type"] == "audio/mpeg"
    assert spoken.content == f"ID3 tts {TEXT}".encode()


def test_a_model_within_a_form_is_read(client, upstream):
    sent = {"data": {"model": "stt"}, "files": {"file": ("a.wav", b"RIFF")}}
    assert client.post("/audio/transcriptions", **sent).json() == {"text": "Hello"}
    assert upstream.hits(model="stt") == 1


def test_errors_of_http_have_headers_and_a_body(client, upstream):
    upstream.tell(status(429, {"Retry-After": "7"}, code="rate_limit_exceeded"))
    refused = chat(client)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"


def test_a_page_is_no_json(client, upstream):
    upstream.tell(html(503))
    refused = chat(client)
    assert (refused.status_code, refused.headers["content-type"]) == (503, "text/html")


def test_rules_are_for_keys_and_models_and_so_many_times(client, upstream):
    upstream.tell(status(500), key="k2")
    upstream.tell(status(501), model="other")
    upstream.tell(status(503), key="k1", model="m", times=2)
    assert [chat(client).status_code for _ in range(3)] == [503, 503, 200]
    assert upstream.hits(key="k1", model="m") == 3


def test_a_cut_stream_has_so_many_words(client, upstream):
    upstream.tell(cut(after=40))
    told = events(client)
    assert [word for word in numbered(60) if any(f'"{word}"' in each for each in told)] == [
        *numbered(40)
    ]
    assert told[-1] == "broken"


def test_an_early_end_is_in_good_order(client, upstream):
    upstream.tell(ended(after=0))
    assert len(events(client)) == 2
    upstream.tell(end_at_once)
    assert events(client) == []


def test_an_error_comes_first_or_after_the_start(client, upstream):
    upstream.tell(error_first("server_error", after=2))
    told = events(client)
    assert (len(told), "server_error" in told[-1]) == (3, True)
    assert chat(client).json()["error"]["code"] == "server_error"


def test_one_event_cannot_be_read(client, upstream):
    upstream.tell(malformed(at=20))
    told = events(client)
    assert told[2 + 20] == 'data: {"choices": [{"del'
    assert told[-1] == "data: [DONE]"


def test_comments_come_until_the_test_has_enough(client, upstream):
    enough = threading.Event()
    upstream.tell(keep_alives(enough))
    body = {"model": "m", "messages": HELLO, "stream": True}
    with client.stream("POST", "/chat/completions", json=body) as response:
        parts = response.iter_bytes()
        assert next(parts).startswith(b": keep-alive")
        enough.set()
        with pytest.raises(httpx.TransportError):
            list(parts)


def test_silence_ends_with_the_client(client, upstream):
    upstream.tell(silent(after=1))
    gone = upstream.disconnects
    body = {"model": "m", "messages": HELLO, "stream": True}
    with client.stream("POST", "/chat/completions", json=body) as response:
        next(response.iter_bytes())
    assert upstream.wait_for_disconnect(count=gone + 1)


def test_a_success_can_wait_for_the_test(client, upstream):
    may_go_on = threading.Event()
    upstream.tell(answer(until=may_go_on))
    threading.Timer(0, may_go_on.set).start()
    assert chat(client).is_success


def test_the_bill_is_for_what_was_generated(client, upstream):
    chat(client)
    upstream.tell(cut(after=40), times=1)
    events(client)
    upstream.tell(status(503), times=1)
    chat(client)
    upstream.tell(status(500, is_charged=True), times=1)
    chat(client)
    bill = upstream.bill_of("k1")
    assert (bill.requests, bill.input_tokens) == (3, 3 * INPUT_TOKENS)
    assert (bill.output_tokens, bill.wasted_tokens) == (3, 40)
    assert upstream.bill == bill
    assert upstream.hits(key="k1") == 4


def test_one_that_is_away_refuses_and_comes_back(client, upstream):
    assert chat(client).is_success
    with upstream.away(), pytest.raises(httpx.TransportError):
        chat(client)
    assert chat(client).is_success
