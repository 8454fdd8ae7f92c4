"""What clients read of limits, on each surface: what is left, what was cut, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import orjson
import pytest

from limits.admission.gate import gate
from limits.book import EMPTY, Book
from limits.choices import Metric, Mode, Share, Window
from limits.meters.memory import MemoryMeters
from limits.rule import Rule
from tests.limits.rules import a_rule
from usage.in_flight import in_flight
from wire_formats.token_estimate import MEDIA_TOKENS

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x" * 400}]}
PICTURE = f"data:image/png;base64,{'A' * 50_000}"
COMPLETION = {
    "id": "1",
    "object": "chat.completion",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105},
}
OWN = {"share": Share.EACH_USER, "window": Window.MINUTE}
SURFACES = {
    "/v1/chat/completions": (CHAT, "max_tokens"),
    "/v1/completions": ({"model": "m", "prompt": "x" * 400}, "max_tokens"),
    "/v1/responses": ({"model": "m", "input": "x" * 400}, "max_output_tokens"),
    "/v1/messages": (CHAT, "max_tokens"),
    "/openai/deployments/m/chat/completions": (CHAT, "max_tokens"),
}


@pytest.fixture
def limited(upstream) -> Iterator[Callable[..., None]]:
    """``limited(rule, …)``: these are the limits, of which nothing is used."""
    upstream.answer = COMPLETION

    def limited(*rules: Rule) -> None:
        gate.book = Book(rules)

    gate.use(MemoryMeters())
    yield limited
    for exchange in list(in_flight):
        in_flight.close(exchange)
    gate.book = EMPTY
    gate.use(MemoryMeters())


def tokens(amount: int, **more: Any) -> Rule:
    return a_rule(**(OWN | {"label": "tokens", "metric": Metric.TOKENS, "amount": amount} | more))


async def test_a_client_is_told_what_is_left(limited, ask) -> None:
    limited(a_rule(label="requests", **OWN), tokens(10_000, id=2), a_rule(id=3, label="pool"))
    answer = await ask("/v1/chat/completions", CHAT | {"max_tokens": 100})
    told = {name: value for name, value in answer.headers.items() if "ratelimit" in name}
    assert told["x-ratelimit-limit-requests"] == "10"
    assert told["x-ratelimit-remaining-requests"] == "9"
    assert told["x-ratelimit-limit-tokens"] == "10000"
    assert 9_700 < int(told["x-ratelimit-remaining-tokens"]) < 9_900
    assert set(told) == {
        f"x-ratelimit-{part}-{name}"
        for part in ("limit", "remaining", "reset")
        for name in ("requests", "tokens")
    }


async def test_anthropics_clients_are_told_in_anthropics_headers(limited, ask) -> None:
    limited(a_rule(label="requests", **OWN))
    answer = await ask("/v1/messages", CHAT | {"max_tokens": 100})
    told = {name: value for name, value in answer.headers.items() if "ratelimit" in name}
    assert told["anthropic-ratelimit-requests-remaining"] == "9"
    assert all(name.startswith("anthropic-ratelimit-requests-") for name in told)


async def test_a_limit_that_warns_is_named_and_nothing_else(limited, ask) -> None:
    limited(a_rule(label="old limit", amount=0, mode=Mode.WARN, **OWN))
    answer = await ask("/v1/chat/completions", CHAT)
    assert answer.status == 200
    assert answer.headers["x-gateway-limit-warning"] == "old limit"
    assert not [name for name in answer.headers if "ratelimit" in name]


@pytest.mark.parametrize("path", SURFACES)
async def test_an_output_is_cut_to_what_fits_and_the_client_is_told(
    limited, ask, upstream, path
) -> None:
    limited(tokens(300))
    body, field = SURFACES[path]
    answer = await ask(path, body)
    assert answer.status == 200
    assert answer.headers["x-gateway-changed-params"] == field
    sent = [value for name, value in upstream.body.items() if name.startswith("max_")]
    assert len(sent) == 1
    assert 16 <= sent[0] < 200


async def test_a_maximum_of_the_clients_own_is_not_changed(limited, ask, upstream) -> None:
    limited(tokens(300))
    answer = await ask("/v1/chat/completions", CHAT | {"max_tokens": 150})
    assert upstream.body["max_tokens"] == 150
    assert "x-gateway-changed-params" not in answer.headers


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", CHAT | {"max_tokens": 1_000}),
        ("/v1/chat/completions", CHAT | {"max_tokens": 200, "n": 5}),
        ("/v1/messages", CHAT | {"max_tokens": 1_000}),
        ("/v1/responses", {"model": "m", "input": "x" * 4_000, "max_output_tokens": 16}),
        ("/v1/embeddings", {"model": "m", "input": ["x" * 2_000] * 2}),
        ("/v1/rerank", {"model": "m", "query": "q", "documents": ["x" * 4_000]}),
        ("/v1/moderations", {"model": "m", "input": "x" * 4_000}),
        ("/v1/audio/speech", {"model": "m", "voice": "v", "input": "x" * 4_000}),
        ("/v1/images/generations", {"model": "m", "prompt": "x" * 4_000}),
    ],
)
async def test_what_never_fits_is_refused_on_each_endpoint(
    limited, ask, upstream, path, body
) -> None:
    limited(tokens(900))
    answer = await ask(path, body)
    assert answer.status == 400
    message = orjson.loads(answer.body)["error"]["message"]
    assert "all of your limit `tokens` of 900 tokens a minute" in message
    assert upstream.requests == []


async def test_a_picture_counts_flat(limited, ask) -> None:
    limited(tokens(MEDIA_TOKENS + 300))
    part = {"type": "image_url", "image_url": {"url": PICTURE}}
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}], "max_tokens": 100}
    answer = await ask("/v1/chat/completions", body)
    assert answer.status == 200


async def test_pictures_are_counted_as_asked_for(limited, ask) -> None:
    limited(a_rule(label="pictures", metric=Metric.IMAGES, amount=3, **OWN))
    body = {"model": "m", "prompt": "p"}
    assert (await ask("/v1/images/generations", body | {"n": 4})).status == 400
    assert (await ask("/v1/images/generations", body | {"n": 3})).status == 200


async def test_a_limit_that_is_reached(limited, ask, upstream) -> None:
    limited(a_rule(label="one a minute", amount=1, **OWN))
    assert (await ask("/v1/chat/completions", CHAT)).status == 200
    answer = await ask("/v1/chat/completions", CHAT)
    error = answer.json["error"]
    assert (answer.status, error["code"]) == (429, "rate_limit_exceeded")
    assert error["message"].startswith("Your limit `one a minute` of 1 request a minute is")
    assert answer.headers["x-should-retry"] == "true"
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert answer.headers["x-ratelimit-limit-requests"] == "1"
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"
    assert len(upstream.requests) == 1


async def test_a_stream_is_refused_with_a_status(limited, ask) -> None:
    limited(a_rule(label="none", amount=0, **OWN))
    answer = await ask("/v1/chat/completions", CHAT | {"stream": True})
    assert (answer.status, answer.json["error"]["code"]) == (429, "rate_limit_exceeded")


async def test_an_upstreams_own_limits_are_not_told(limited, ask, upstream) -> None:
    upstream.answer = lambda request: httpx.Response(
        200, json=COMPLETION, headers={"x-ratelimit-remaining-requests": "7"}
    )
    answer = await ask("/v1/chat/completions", CHAT)
    assert "x-ratelimit-remaining-requests" not in answer.headers


async def test_anthropics_clients_get_anthropics_error(limited, ask) -> None:
    limited(a_rule(label="none", amount=0, window=Window.DAY, share=Share.EACH_USER))
    answer = await ask("/v1/messages", CHAT | {"max_tokens": 10})
    error = answer.json["error"]
    assert (answer.status, answer.json["type"]) == (429, "error")
    assert error["type"] == "rate_limit_error"
    assert error["details"] == {"error_code": "insufficient_quota"}
    assert answer.headers["x-should-retry"] == "false"


def form(*parts: tuple[str, bytes]) -> bytes:
    """A form of ``parts``, each of which begins with the rest of its disposition."""
    written = [b"--b\r\nContent-Disposition: form-data; %b\r\n\r\n" % d.encode() for d, _ in parts]
    whole = b"".join(head + part + b"\r\n" for head, (_, part) in zip(written, parts, strict=True))
    return whole + b"--b--\r\n"


async def posted(ask: Any, path: str, *parts: tuple[str, bytes]) -> Any:
    body = form(('name="model"', b"m"), *parts)
    media_type = "multipart/form-data; boundary=b"
    return await ask(path, body, content_type=media_type, content_length=str(len(body)))


async def test_the_seconds_of_sound_are_guessed_from_the_bytes(limited, ask) -> None:
    limited(a_rule(label="sound", metric=Metric.AUDIO_SECONDS, amount=5_000, **OWN))
    short = ('name="file"; filename="a.wav"', b"x" * 32_000 * 4)
    long = ('name="file"; filename="a.wav"', b"x" * 32_000 * 6)
    assert (await posted(ask, "/v1/audio/transcriptions", short)).status == 200
    answer = await posted(ask, "/v1/audio/transcriptions", long)
    assert (answer.status, answer.json["error"]["code"]) == (400, "request_exceeds_limit")


async def test_a_form_may_ask_for_several_pictures(limited, ask) -> None:
    limited(a_rule(label="pictures", metric=Metric.IMAGES, amount=3, **OWN))
    file = ('name="image"; filename="a.png"', b"x" * 100)
    few = await posted(ask, "/v1/images/variations", ('name="n"', b"3"), file)
    assert few.status == 200
    many = await posted(ask, "/v1/images/edits", ('name="n"', b"4"), file)
    assert (many.status, many.json["error"]["code"]) == (400, "request_exceeds_limit")


@pytest.mark.parametrize("headers", [{}, {"x_gateway_resumable": "true"}])
async def test_a_stream_begins_with_what_is_left(limited, ask, headers) -> None:
    limited(tokens(300))
    answer = await ask("/v1/chat/completions", CHAT | {"stream": True}, **headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-ratelimit-limit-tokens"] == "300"
    assert answer.headers["x-gateway-changed-params"] == "max_tokens"
