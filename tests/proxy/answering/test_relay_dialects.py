"""How streams of each API pass a relay: they end, well or badly, and are counted on the way."""

from __future__ import annotations

from itertools import pairwise

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.answering.limits import Limits
from proxy.answering.relay import Relay
from proxy.client_side.errors import ApiError
from tests.support.builders import SECRET, a_response, an_exchange
from tests.support.stream_samples import (
    CHAT_SAMPLE,
    MESSAGES_SAMPLE,
    RESPONSES_SAMPLE,
    SAMPLES,
    Sample,
    every_dialect,
)
from usage.exchange import Exchange
from wire_formats.sse import data_of, encoded_event, split_events, typed_event


async def relayed(
    sample: Sample, *parts: bytes | Exception, exchange: Exchange | None = None
) -> bytes:
    relay = Relay(
        a_response(*parts),
        dialect=sample.dialect,
        keeps_usage=False,
        limits=Limits(),
        secrets=frozenset({SECRET}),
        exchange=exchange or an_exchange(),
    )
    await relay.open()
    return b"".join([part async for part in relay])


def is_error(event: bytes) -> bool:
    parsed = orjson.loads(data_of(event)) if b"{" in event else {}
    return parsed.get("type") == "error" or bool(parsed.get("error"))


def without_failed_response(events: list[bytes]) -> list[bytes]:
    """``events`` without the one that says of a response what the error before it says."""
    has_both = events[-1].startswith(b"event: response.failed") and events[-2:-1]
    return events[:-1] if has_both and is_error(events[-2]) else events


def error_of(sample: Sample, stream: bytes) -> dict:
    """The error ``stream`` ends with, its only one, and without the mark of a proper end."""
    *others, last = without_failed_response(split_events(stream))
    assert is_error(last)
    assert not any(map(is_error, others))
    assert sample.end not in stream
    return orjson.loads(data_of(last))


@every_dialect
async def test_a_good_stream_passes_byte_for_byte(sample: Sample) -> None:
    parts = [sample.whole[start : start + 7] for start in range(0, len(sample.whole), 7)]
    assert await relayed(sample, *parts) == sample.whole


@every_dialect
async def test_nothing_follows_the_end(sample: Sample) -> None:
    assert await relayed(sample, sample.whole + sample.text, sample.error) == sample.whole


@every_dialect
async def test_tokens_are_counted_with_the_cached_ones_among_the_prompt(sample: Sample) -> None:
    exchange = an_exchange()
    await relayed(sample, sample.whole, exchange=exchange)
    tokens = exchange.tokens
    assert (tokens.prompt, tokens.cached, tokens.completion) == sample.tokens


@every_dialect
@pytest.mark.parametrize("failure", [None, httpx.ReadError("reset"), httpx.ReadTimeout("silence")])
async def test_a_stream_that_breaks_off_ends_with_an_error(
    sample: Sample, failure: Exception | None
) -> None:
    parts = [sample.begin, sample.text, sample.text[:9], *([failure] if failure else [])]
    stream = await relayed(sample, *parts)
    assert stream.startswith(sample.begin + sample.text)
    assert error_of(sample, stream)


@every_dialect
async def test_an_error_at_once_becomes_a_status(sample: Sample) -> None:
    with pytest.raises(ApiError, match=r"no \[removed\]") as caught:
        await relayed(sample, sample.error)
    assert caught.value.status == (503 if b"overloaded" in sample.error else 502)


@every_dialect
async def test_an_error_in_mid_stream_is_told_without_its_secrets(sample: Sample) -> None:
    stream = await relayed(sample, sample.begin, sample.text + sample.error + sample.end)
    assert SECRET.encode() not in stream
    assert b"no [removed]" in orjson.dumps(error_of(sample, stream))


@pytest.mark.parametrize("sample", [CHAT_SAMPLE, MESSAGES_SAMPLE])
async def test_a_finished_stream_gets_the_end_it_lacks(sample: Sample) -> None:
    assert await relayed(sample, sample.begin, sample.text + sample.finish) == sample.whole


@pytest.mark.parametrize("kind", ["response.incomplete", "response.failed"])
async def test_a_response_may_end_in_other_ways(kind: str) -> None:
    sample, exchange = RESPONSES_SAMPLE, an_exchange()
    end = typed_event(kind, response={"usage": {"output_tokens": 1}}, sequence_number=2)
    assert await relayed(sample, sample.begin, end, exchange=exchange) == sample.begin + end
    assert exchange.error_code == ("upstream_error" if kind == "response.failed" else "")


@pytest.mark.parametrize(
    ("kind", "status"),
    [("rate_limit_error", 429), ("invalid_request_error", 400), ("authentication_error", 502)],
)
async def test_an_error_of_anthropic_at_once_has_its_status(kind: str, status: int) -> None:
    with pytest.raises(ApiError) as caught:
        await relayed(MESSAGES_SAMPLE, typed_event("error", error={"type": kind, "message": "no"}))
    assert caught.value.status == status


@every_dialect
async def test_a_text_that_speaks_of_the_end_does_not_end(sample: Sample) -> None:
    words = '"type":"response.completed" "type":"message_stop" "finish_reason":"stop" data: [DONE]'
    text = encoded_event({"type": "x", "delta": words, "choices": [{"delta": {"content": words}}]})
    assert error_of(sample, await relayed(sample, sample.begin, text))


@given(st.sampled_from(SAMPLES), st.data())
async def test_every_stream_ends_in_one_way(sample: Sample, data: st.DataObject) -> None:
    known = [sample.begin, sample.text, sample.finish, sample.end, sample.error]
    damage = [b"data: ", b"event: x\n", b"\r", b"\n", b"<html>", b": hi\n\n", b"{", b"\xff"]
    pieces = st.sampled_from(known + damage) | st.binary(max_size=9)
    whole = b"".join(data.draw(st.lists(pieces, max_size=12)))
    borders = data.draw(st.lists(st.integers(0, len(whole)), max_size=8))
    parts = [whole[a:b] for a, b in pairwise([0, *sorted(borders), len(whole)])]
    try:
        stream = await relayed(sample, *parts)
    except ApiError:
        return
    events = without_failed_response(split_events(stream))
    assert [e for e in events if is_ending(sample, e)] == events[-1:]


def is_ending(sample: Sample, event: bytes) -> bool:
    meaning = sample.dialect.meaning_of(event, an_exchange().tokens)
    return meaning.is_end or bool(meaning.error)


# Python's str.splitlines breaks lines at each of these; an event stream does not.
FALSE_LINE_ENDS = "\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e\x00"
texts = st.text(alphabet=st.sampled_from('ab:{}[DONE]"\\' + FALSE_LINE_ENDS), max_size=8)


@given(st.sampled_from(SAMPLES), st.lists(texts, max_size=4), st.data())
async def test_a_valid_stream_passes_byte_for_byte_however_it_is_cut(
    sample: Sample, said: list[str], data: st.DataObject
) -> None:
    written = [sample.text.replace(b'"Hi"', orjson.dumps(text)) for text in said]
    end = data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    whole = b"".join([sample.begin, *written, sample.finish, sample.end]).replace(b"\n", end)
    borders = data.draw(st.lists(st.integers(0, len(whole)), max_size=8))
    parts = [whole[a:b] for a, b in pairwise([0, *sorted(borders), len(whole)])]
    # The half of a line's end that comes behind the end of the answer is not waited for.
    assert await relayed(sample, *parts) in {whole, whole.removesuffix(b"\r\n") + b"\r"}
