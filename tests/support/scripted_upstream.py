"""An upstream of every API that fails as it is told, by key and by model, and keeps a bill.

    with BilledUpstream() as upstream:
        upstream.tell(status(429, {"Retry-After": "7"}), key="k1", times=2)
        upstream.tell(cut(after=40), model="gpt-4o")
        ...
        assert upstream.hits(model="gpt-4o") == 1
        assert upstream.bill.wasted_tokens == 40

What it is not told about, it does as a healthy upstream would. Like every
:class:`tests.support.upstream.ScriptedUpstream`, it runs in a thread of its own; sockets that are
passed on have :mod:`tests.support.socket_upstream`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Event
from typing import Any

from tests.support import responders
from tests.support.responders import POLL_SECONDS, Exchange, chunk, head, json_response
from tests.support.successes import INPUT_TOKENS, Success, success_of
from tests.support.upstream import ScriptedUpstream

WORDS = ("One ", "two ", "three.")
MODEL_IN_FORM = re.compile(rb'name="model"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)\r\n')
STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
HTML = b"<html><body>Bad gateway at http://10.0.0.7/</body></html>"
COMMENT = b": keep-alive\n\n"


@dataclass(slots=True)
class Bill:
    """What somebody would be charged for; ``wasted_tokens`` are of answers that broke off."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    wasted_tokens: int = 0


@dataclass(slots=True, kw_only=True)
class Turn:
    """One request to answer."""

    exchange: Exchange
    key: str
    model: str
    is_streamed: bool
    bills: tuple[Bill, ...]

    def success(self, words: tuple[str, ...] = WORDS) -> Success:
        """What a healthy upstream would answer."""
        return success_of(self.exchange.request.target.partition("?")[0], self.model, words)

    def charge(self, output_tokens: int = 0, *, wasted_tokens: int = 0) -> None:
        """Put the request on the bill, with what has been generated."""
        for bill in self.bills:
            bill.requests += 1
            bill.input_tokens += INPUT_TOKENS
            bill.output_tokens += output_tokens
            bill.wasted_tokens += wasted_tokens

    async def send(self, data: bytes) -> None:
        await self.exchange.send(data)


Script = Callable[[Turn], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class _Rule:
    script: Script
    key: str | None
    model: str | None
    times: float

    def fits(self, key: str, model: str) -> bool:
        return self.times > 0 and self.key in {None, key} and self.model in {None, model}


@dataclass(slots=True)
class _Books:
    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    bill: Bill = field(default_factory=Bill)
    by_key: dict[str, Bill] = field(default_factory=dict)


class BilledUpstream(ScriptedUpstream):
    """``POST`` and ``GET /v1/audio/voices`` do what the newest fitting rule says."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._scripts: list[_Rule] = []
        self._books = _Books()
        self.on("POST", "*", self._take_turn)
        self.on("GET", "/v1/audio/voices", self._take_turn)

    def tell(
        self,
        script: Script,
        *,
        key: str | None = None,
        model: str | None = None,
        times: float = float("inf"),
    ) -> None:
        """Do ``script`` for requests with ``key`` and for ``model``, the next ``times``."""
        self._scripts.insert(0, _Rule(script=script, key=key, model=model, times=times))

    def recover(self) -> None:
        """Be healthy. What was counted stays."""
        self._scripts = []

    def forget(self) -> None:
        """Be healthy, with empty books."""
        self.recover()
        self._books = _Books()

    def hits(self, *, key: str | None = None, model: str | None = None) -> int:
        """The requests that came with ``key`` and for ``model``, however they ended."""
        counted = self._books.hits.copy().items()
        return sum(n for (k, m), n in counted if key in {None, k} and model in {None, m})

    @property
    def bill(self) -> Bill:
        """What all keys together would be charged for."""
        return self._books.bill

    def bill_of(self, key: str) -> Bill:
        return self._books.by_key.get(key, Bill())

    async def _take_turn(self, exchange: Exchange) -> None:
        key, (model, is_streamed) = _key_of(exchange), _asked(exchange)
        self._books.hits[key, model] += 1
        bills = self._books.bill, self._books.by_key.setdefault(key, Bill())
        turn = Turn(exchange=exchange, key=key, model=model, is_streamed=is_streamed, bills=bills)
        await self._script_for(key, model)(turn)

    def _script_for(self, key: str, model: str) -> Script:
        rule = next((rule for rule in self._scripts if rule.fits(key, model)), None)
        if rule is None:
            return answer()
        rule.times -= 1
        return rule.script


# Scripts


def answer(words: tuple[str, ...] = WORDS, *, until: Event | None = None) -> Script:
    """A success, which is begun once the test has set ``until``."""

    async def play(turn: Turn) -> None:
        if until is not None:
            await _is_set(until)
        success = turn.success(words)
        turn.charge(len(words))
        if not (turn.is_streamed and success.is_streamable):
            await _whole(turn, success.whole, success.media_type)
            return
        await turn.send(STREAM_HEAD)
        for event in (*success.start, *success.words, *success.ending):
            await turn.send(chunk(event))
        await turn.send(chunk(b""))

    return play


def status(
    number: int, headers: dict[str, str] | None = None, *, is_charged: bool = False, **error: Any
) -> Script:
    """An error of HTTP. ``is_charged``: the upstream has done its work before it failed."""
    told = {"message": f"It is {number}.", "type": "scripted", "param": None, "code": None} | error

    async def play(turn: Turn) -> None:
        if is_charged:
            turn.charge()
        await json_response({"error": told}, number, headers)(turn.exchange)

    return play


def html(number: int = 502) -> Script:
    """An error page of a proxy in front of the upstream."""
    page = head(number, content_type="text/html", content_length=len(HTML)) + HTML

    async def play(turn: Turn) -> None:
        await turn.send(page)

    return play


def error_first(code: str, *, after: int = 0, kind: str = "scripted") -> Script:
    """A 200 that is an error: the whole body, or an event after so many start-up events."""
    error = {"message": f"It is {code}.", "type": kind, "param": None, "code": code}

    async def play(turn: Turn) -> None:
        success = turn.success()
        if not (turn.is_streamed and success.is_streamable):
            await json_response({"error": error})(turn.exchange)
            return
        await turn.send(STREAM_HEAD + b"".join(map(chunk, success.start[:after])))
        await turn.send(chunk(success.error(error)) + chunk(b""))

    return play


def cut(*, after: int, of: int = 60) -> Script:
    """A stream whose connection ends after so many of its words, or a body in its middle.

    Not by a reset, which would take back words that have not been read yet.
    """

    async def play(turn: Turn) -> None:
        await _begin(turn, after=after, of=of)
        turn.exchange.writer.close()

    return play


def ended(*, after: int, of: int = 60) -> Script:
    """A stream that ends in good order, but too early: as if this were all."""

    async def play(turn: Turn) -> None:
        await _begin(turn, after=after, of=of)
        await turn.send(chunk(b""))

    return play


def silent(*, after: int, of: int = 60) -> Script:
    """A stream that falls silent after so many of its words."""

    async def play(turn: Turn) -> None:
        await _begin(turn, after=after, of=of)
        await asyncio.Event().wait()

    return play


def paused(*, after: int, until: Event, of: int = 60) -> Script:
    """A whole stream, which waits after so many of its words until the test has set ``until``."""

    async def play(turn: Turn) -> None:
        success = turn.success(numbered(of))
        await _begin(turn, after=after, of=of)
        await _is_set(until)
        for event in (*success.words[after:], *success.ending):
            await turn.send(chunk(event))
        await turn.send(chunk(b""))

    return play


def malformed(*, at: int, of: int = 60, until: Event | None = None) -> Script:
    """A whole stream, in which the event at this place among the words cannot be read.

    It comes once the test has set ``until``.
    """

    async def play(turn: Turn) -> None:
        success = turn.success(numbered(of))
        await _begin(turn, after=at, of=of)
        if until is not None:
            await _is_set(until)
        await turn.send(chunk(b'data: {"choices": [{"del\n\n'))
        for event in (*success.words[at:], *success.ending):
            await turn.send(chunk(event))
        await turn.send(chunk(b""))

    return play


def keep_alives(until: Event) -> Script:
    """Comments and nothing else until the test has set ``until``, and then a reset."""

    async def play(turn: Turn) -> None:
        await turn.send(STREAM_HEAD)
        while not until.is_set():
            await turn.send(chunk(COMMENT))
            await asyncio.sleep(POLL_SECONDS)
        responders.reset(turn.exchange.writer)

    return play


def at_random(rng: Random, scripts: Sequence[Script]) -> Script:
    """One of ``scripts`` for each request, by chance."""

    async def play(turn: Turn) -> None:
        await rng.choice(scripts)(turn)

    return play


async def hang(turn: Turn) -> None:
    """Silence, not even a head."""
    await asyncio.Event().wait()


async def reset(turn: Turn) -> None:
    """A TCP reset once the whole request has come."""
    responders.reset(turn.exchange.writer)


async def end_at_once(turn: Turn) -> None:
    """The head of a success, and its end."""
    await turn.send(STREAM_HEAD + chunk(b""))


def numbered(count: int) -> tuple[str, ...]:
    """So many different words."""
    return tuple(f"w{number} " for number in range(count))


async def _begin(turn: Turn, *, after: int, of: int) -> None:
    """All up to the word at ``after``; half of the body where there is no stream."""
    success = turn.success(numbered(of))
    turn.charge(wasted_tokens=after)
    if not (turn.is_streamed and success.is_streamable):
        whole = success.whole
        begun = head(content_type=success.media_type, content_length=len(whole))
        await turn.send(begun + whole[: len(whole) // 2])
        return
    await turn.send(STREAM_HEAD)
    for event in (*success.start, *success.words[:after]):
        await turn.send(chunk(event))


async def _whole(turn: Turn, body: bytes, media_type: str) -> None:
    await turn.send(head(content_type=media_type, content_length=len(body)) + body)


async def _is_set(event: Event) -> None:
    while not event.is_set():  # noqa: ASYNC110 - set by another thread, or never
        await asyncio.sleep(POLL_SECONDS)


def _key_of(exchange: Exchange) -> str:
    """The credential, wherever the provider wants it."""
    request = exchange.request
    own = request.header("x-api-key") or request.header("api-key")
    return own or (request.header("Authorization") or "").removeprefix("Bearer ")


def _asked(exchange: Exchange) -> tuple[str, bool]:
    """The model, and whether it is to be streamed: of JSON, of a form, or of a query."""
    request = exchange.request
    if (request.header("Content-Type") or "").startswith("multipart/"):
        named = MODEL_IN_FORM.search(request.body)
        return (named[1].decode() if named else ""), False
    body = json.loads(request.body) if request.body else {}
    return str(body.get("model", "")), body.get("stream") is True
