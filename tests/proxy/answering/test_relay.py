"""What a client is told of a stream, and above all how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from itertools import pairwise

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.calling.client import UpstreamResponse
from connections.transport.response_body import Receiver
from proxy.answering.limits import Limits
from proxy.answering.relay import Relay
from proxy.client_side.errors import ApiError
from tests.support.builders import SECRET, Chunks, a_response, an_exchange
from tests.support.processes import PATIENCE_SECONDS
from usage.exchange import Exchange
from wire_formats.chat.dialect import CHAT
from wire_formats.sse import DONE, data_of, split_events


def event(obj: object) -> bytes:
    return b"data: " + orjson.dumps(obj) + b"\n\n"


def delta(text: str, **fields: object) -> bytes:
    return event({"choices": [{"delta": {"content": text}, "finish_reason": None}], **fields})


HELLO = delta("Hello")
FINISH = event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
USAGE = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
ERROR = event({"error": {"message": "no more memory", "code": 500}})
# What may follow a chunk, so that every kind of damage is drawn often.
PIECES = [HELLO, FINISH, USAGE, ERROR, DONE, b"data: ", b"\r", b"\n", b"<html>", b": hi\n\n", b"{"]


def a_relay(
    *parts: bytes | Exception,
    keeps_usage: bool = False,
    line_limit: int = 2**20,
    total_limit: int = 2**30,
    response: UpstreamResponse | None = None,
    exchange: Exchange | None = None,
) -> Relay:
    return Relay(
        response or a_response(*parts),
        dialect=CHAT,
        keeps_usage=keeps_usage,
        limits=Limits(event_bytes=line_limit, total_bytes=total_limit),
        secrets=frozenset({SECRET}),
        exchange=exchange or an_exchange(),
    )


async def relayed(*parts: bytes | Exception, **options: object) -> bytes:
    relay = a_relay(*parts, **options)
    await relay.open()
    return b"".join([part async for part in relay])


async def refused(*parts: bytes | Exception, **options: object) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await a_relay(*parts, **options).open()
    return caught.value


def is_error(one: bytes) -> bool:
    data = data_of(one)
    return data.startswith(b'{"error"') and "message" in orjson.loads(data)["error"]


def is_done(one: bytes) -> bool:
    return data_of(one).startswith(b"[DONE]")


def error_of(stream: bytes) -> dict:
    """The error that ``stream`` ends with, which must be its only one, without a [DONE]."""
    *others, last = split_events(stream)
    assert not any(map(is_error, others))
    assert not any(map(is_done, split_events(stream)))
    return orjson.loads(data_of(last))["error"]


async def test_a_good_stream_passes_byte_for_byte() -> None:
    assert await relayed(HELLO[:9], HELLO[9:] + FINISH, DONE) == HELLO + FINISH + DONE


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
async def test_other_line_ends_pass_byte_for_byte(end: bytes) -> None:
    stream = (HELLO + FINISH + DONE).replace(b"\n", end)
    assert await relayed(*(stream[i : i + 5] for i in range(0, len(stream), 5))) == stream


async def test_unknown_fields_and_keep_alives_pass() -> None:
    stream = b": OPENROUTER PROCESSING\n\n" + delta("a", citations=["b"], reasoning="c")
    assert (await relayed(stream, FINISH + DONE)).startswith(stream)


GEMINIS_ERROR = [{"error": {"code": 429, "message": f"no more {SECRET}", "status": "EXHAUSTED"}}]


@pytest.mark.parametrize("stream", [event(GEMINIS_ERROR), orjson.dumps(GEMINIS_ERROR)])
async def test_an_error_in_a_list_is_one_before_a_stream(stream: bytes) -> None:
    error = await refused(stream)
    assert (error.status, error.message) == (429, "no more [removed]")


async def test_an_error_in_a_list_ends_a_stream() -> None:
    error = error_of(await relayed(HELLO, event(GEMINIS_ERROR)))
    assert (error["code"], error["message"]) == ("provider_rate_limited", "no more [removed]")


async def test_the_usage_chunk_is_taken_out() -> None:
    assert await relayed(HELLO + FINISH + USAGE + DONE) == HELLO + FINISH + DONE


async def test_the_usage_chunk_stays_for_who_asked() -> None:
    stream = HELLO + FINISH + USAGE + DONE
    assert await relayed(stream, keeps_usage=True) == stream


@pytest.mark.parametrize("keeps_usage", [True, False])
async def test_usage_is_counted_in_any_case(keeps_usage: bool) -> None:
    exchange = an_exchange()
    options = {"keeps_usage": keeps_usage, "exchange": exchange}
    assert await relayed(HELLO, FINISH + USAGE, DONE, **options)
    assert (exchange.tokens.prompt, exchange.tokens.completion) == (3, 2)


@pytest.mark.parametrize(
    "chunk",
    [
        delta("x", usage=None),
        delta("x", usage={"prompt_tokens": 1}),
        event({"choices": [], "prompt_filter_results": []}),
        event({"choices": [], "usage": None}),
    ],
)
async def test_a_chunk_that_is_more_than_usage_stays(chunk: bytes) -> None:
    assert await relayed(chunk, FINISH + DONE) == chunk + FINISH + DONE


async def test_a_text_that_speaks_of_usage_and_errors_stays() -> None:
    chunk = delta('{"usage": {"a": 1}, "error": {"message": "x"}}')
    assert await relayed(chunk, FINISH + DONE) == chunk + FINISH + DONE


async def test_a_text_that_says_done_does_not_end_the_stream() -> None:
    chunk = delta("data: [DONE]\n\n")
    assert await relayed(chunk, HELLO, FINISH, DONE) == chunk + HELLO + FINISH + DONE


async def test_an_error_as_first_event_becomes_a_status() -> None:
    error = await refused(event({"error": {"message": f"bad {SECRET}", "code": 400}}))
    assert (error.status, error.message) == (400, "bad [removed]")


async def test_an_error_behind_a_comment_becomes_a_status() -> None:
    error = await refused(b": hi\n\n" + event({"error": {"message": "slow down", "code": "429"}}))
    assert (error.status, error.code) == (429, "provider_rate_limited")


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"message": "too long", "code": 400}}',
        b'{\n  "error": {"message": "too long", "code": 400}\n}',
        b'data: {"error": {"message": "too long", "code": 400}}',
    ],
)
async def test_an_error_in_json_becomes_a_status(body: bytes) -> None:
    error = await refused(body)
    assert (error.status, error.message) == (400, "too long")


@pytest.mark.parametrize(
    "parts", [(HELLO + ERROR,), (HELLO, ERROR), (HELLO + ERROR[:20], ERROR[20:])]
)
async def test_an_error_in_mid_stream_becomes_one_event(parts: tuple[bytes, ...]) -> None:
    exchange = an_exchange()
    stream = await relayed(HELLO, *parts, exchange=exchange)
    assert stream.startswith(HELLO + HELLO)
    assert error_of(stream)["type"] == "upstream_error"
    assert exchange.error_code


async def test_nothing_follows_an_error() -> None:
    assert error_of(await relayed(HELLO, ERROR + HELLO + ERROR + DONE, HELLO, DONE))


@pytest.mark.parametrize("code", ["²", "9" * 5000, True, None, [], 1.5, -1, "0x1F"])
async def test_an_error_with_an_odd_code_is_an_error(code: object) -> None:
    error = error_of(await relayed(HELLO, event({"error": {"message": "m", "code": code}})))
    assert (error["message"], error["code"]) == ("m", "upstream_error")


@pytest.mark.parametrize("parts", [(HELLO,), (HELLO, HELLO[:-9]), (HELLO, b"data: {")])
async def test_a_stream_without_finish_ends_with_an_error(parts: tuple[bytes, ...]) -> None:
    stream = await relayed(*parts)
    assert stream.startswith(HELLO + b'data: {"error"')
    assert error_of(stream)["code"] == "upstream_invalid_response"


async def test_an_empty_finish_reason_is_none() -> None:
    chunk = event({"choices": [{"delta": {"content": "x"}, "finish_reason": ""}]})
    assert error_of(await relayed(chunk, chunk))


@pytest.mark.parametrize("parts", [(FINISH,), (FINISH, USAGE), (FINISH[:-2],), (FINISH, b"data")])
async def test_a_finished_stream_gets_the_done_it_lacks(parts: tuple[bytes, ...]) -> None:
    assert await relayed(HELLO, *parts) == HELLO + FINISH + DONE


@pytest.mark.parametrize("done", [b"data: [DONE]", b"data:[DONE]\n", b"data: [DONE]\r\n"])
async def test_a_done_without_a_blank_line_is_one(done: bytes) -> None:
    events = split_events(await relayed(HELLO, FINISH, done))
    assert [is_done(one) for one in events] == [False, False, True]


@pytest.mark.parametrize("parts", [(DONE + HELLO + DONE,), (DONE, HELLO), (DONE, ERROR)])
async def test_nothing_follows_done(parts: tuple[bytes, ...]) -> None:
    assert await relayed(HELLO, FINISH, *parts) == HELLO + FINISH + DONE


async def test_an_upstream_that_breaks_off_after_done_is_forgiven() -> None:
    assert await relayed(HELLO, FINISH + DONE, httpx.ReadError("reset")) == HELLO + FINISH + DONE


async def test_an_upstream_that_stays_open_after_done_holds_up_nobody() -> None:
    class Open(httpx.AsyncByteStream):
        async def __aiter__(self):
            yield HELLO + FINISH + DONE
            await asyncio.Event().wait()

    relay = a_relay(response=UpstreamResponse(httpx.Response(200, stream=Open())))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await relay.open()
        assert b"".join([part async for part in relay]) == HELLO + FINISH + DONE


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (httpx.ReadError("reset"), "upstream_invalid_response"),
        (httpx.RemoteProtocolError("eof"), "upstream_invalid_response"),
        (httpx.ReadTimeout("silence"), "upstream_timeout"),
        (httpx.DecodingError("gzip"), "upstream_invalid_response"),
    ],
)
async def test_a_break_in_mid_stream_becomes_an_error(failure: Exception, code: str) -> None:
    stream = await relayed(HELLO, HELLO[:7], failure)
    assert stream.startswith(HELLO + b'data: {"error"')
    assert error_of(stream)["code"] == code


@pytest.mark.parametrize(
    ("failure", "status"), [(httpx.ReadError("reset"), 502), (httpx.ReadTimeout("silence"), 504)]
)
async def test_a_break_before_the_first_event_becomes_a_status(
    failure: Exception, status: int
) -> None:
    assert (await refused(failure)).status == status


@pytest.mark.parametrize("parts", [(), (b"",), (b"<html>\n\n</html>",), (b"<html>",), (USAGE,)])
async def test_a_stream_without_a_first_event_becomes_a_502(parts: tuple[bytes, ...]) -> None:
    assert (await refused(*parts)).status == 502


async def test_garbage_in_mid_stream_becomes_an_error() -> None:
    assert error_of(await relayed(HELLO, b"<html>\n\n"))["type"] == "upstream_error"


async def test_too_long_an_event_becomes_an_error() -> None:
    stream = await relayed(HELLO, b"data: " + b"x" * 300, HELLO, line_limit=200)
    assert "too long" in error_of(stream)["message"]


async def test_too_long_a_first_event_becomes_a_502() -> None:
    assert (await refused(b"data: " + b"x" * 300, line_limit=200)).status == 502


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=9), max_size=12), st.data())
async def test_every_stream_ends_in_one_way(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    borders = data.draw(st.lists(st.integers(0, len(whole)), max_size=8))
    parts = [whole[a:b] for a, b in pairwise([0, *sorted(borders), len(whole)])]
    relay = a_relay(*parts)
    try:
        await relay.open()
    except ApiError:
        return
    events = split_events(b"".join([part async for part in relay]))
    endings = [one for one in events if is_done(one) or is_error(one)]
    assert endings == events[-1:]


# What is passed on without the reader's turn.


class Arriving(UpstreamResponse):
    """Its parts arrive while the reader waits, so that whoever they are offered to is asked."""

    taker: Receiver | None = None

    def offer_to(self, receiver: Receiver | None) -> None:
        self.taker = receiver

    async def chunks(self):
        async for part in super().chunks():
            if self.taker is None or not self.taker(part):
                yield part


def arriving(*parts: bytes | Exception) -> Arriving:
    return Arriving(httpx.Response(200, stream=Chunks(*parts)))


async def passed_on(
    parts: list[bytes], writes: Callable[[bytes], bool], **options: object
) -> list[tuple[str, bytes]]:
    """What the client got, in order, and in which way: ``"written"`` at once, or ``"read"``."""
    got: list[tuple[str, bytes]] = []

    def write(part: bytes) -> bool:
        if can_write := writes(part):
            got.append(("written", part))
        return can_write

    relay = a_relay(response=arriving(*parts), **options)
    await relay.open()
    relay.pass_on_by(write)
    async for part in relay:
        got.append(("read", part))  # noqa: PERF401 - `write` adds to it in between
    return got


async def test_only_what_needs_no_look_is_written_at_once() -> None:
    parts = [HELLO, HELLO, HELLO + HELLO, b": hi\n\n", HELLO[:9], HELLO[9:], HELLO, FINISH, DONE]
    got = await passed_on(parts, lambda _: True)
    assert b"".join(part for _, part in got) == b"".join(parts)
    assert [part for way, part in got if way == "written"] == [HELLO, HELLO + HELLO, HELLO]


async def test_what_cannot_be_written_at_once_is_read() -> None:
    got = await passed_on([HELLO, HELLO, FINISH + DONE], lambda _: False)
    assert got == [("read", HELLO), ("read", HELLO), ("read", FINISH + DONE)]


@pytest.mark.parametrize("end", [httpx.ReadError("reset"), FINISH + DONE])
@pytest.mark.parametrize("reads_all", [True, False])
async def test_nothing_is_offered_behind_the_end(end: bytes | Exception, reads_all: bool) -> None:
    """The response would hold the relay, and with it the client's side, as the relay holds it."""
    response = arriving(HELLO, end)
    relay = a_relay(response=response)
    await relay.open()
    relay.pass_on_by(lambda _: True)
    async with aclosing(aiter(relay)) as parts:
        async for _ in parts:
            if not reads_all:
                break
    assert response.taker is None


async def test_what_is_written_at_once_counts_towards_the_cap() -> None:
    limit = 2 * len(HELLO) + 1
    got = await passed_on([HELLO, HELLO, HELLO], lambda _: True, total_limit=limit)
    assert got[:2] == [("read", HELLO), ("written", HELLO)]
    assert "too large" in error_of(b"".join(part for _, part in got))["message"]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=9), max_size=12), st.data())
async def test_the_way_makes_no_difference(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    borders = data.draw(st.lists(st.integers(0, len(whole)), max_size=8))
    parts = [HELLO, *(whole[a:b] for a, b in pairwise([0, *sorted(borders), len(whole)]))]
    got = await passed_on(parts, lambda _: data.draw(st.booleans()))
    assert b"".join(part for _, part in got) == await relayed(*parts)
