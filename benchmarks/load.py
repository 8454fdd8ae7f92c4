"""The client's side: raw HTTP/1.1 over asyncio, so that the load costs less than what it measures.

``python -m benchmarks.load chat URL KEY --connections 16 --seconds 5`` asks again and again,
``streams URL KEY --connections 100 --seconds 20`` reads as many streams to their ends, or for that
long where they take longer, and ``abandon URL KEY --connections 300 --seconds 60`` begins streams
one after another and leaves them all at once. Each prints one JSON object; ``cpu_seconds`` in it is
what the load itself has cost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

MESSAGES = [{"role": "user", "content": "Tell me something. " * 20}]
FEWEST = 200  # requests
PATIENCE = 5
LAST_ANSWER_SECONDS = 60.0
LAST_CHUNK, EVENT, END = b"\r\n0\r\n\r\n", b"data: {", b"[DONE]"


@dataclass
class Tally:
    requests: int = 0
    chunks: int = 0
    errors: int = 0
    unfinished: int = 0
    first_error: str = ""
    latencies: list[float] = field(default_factory=list)
    first_bytes: list[float] = field(default_factory=list)

    def fail(self, what: str) -> None:
        self.errors += 1
        self.first_error = self.first_error or what


@dataclass(frozen=True)
class Client:
    """Where to ask, and as whom. ``url`` is an API's base, as in ``http://127.0.0.1:8000/v1``."""

    url: str
    key: str
    model: str
    max_tokens: int = 0  # as many as the model likes
    headers: tuple[str, ...] = ()  # lines
    apart_seconds: float = 0.01  # of streams that begin one after another

    def request(self, *, stream: bool) -> bytes:
        parts = urlsplit(self.url)
        asked = {"model": self.model, "messages": MESSAGES, "stream": stream}
        if self.max_tokens:
            asked["max_tokens"] = self.max_tokens
        body = json.dumps(asked, separators=(",", ":")).encode()
        more = "".join(f"{line}\r\n" for line in self.headers)
        return (
            f"POST {parts.path}/chat/completions HTTP/1.1\r\nhost: {parts.netloc}\r\n{more}"
            f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        ).encode() + body


class Exchange(asyncio.Protocol):
    """One connection. ``over`` is done when it has nothing left to do."""

    def __init__(self, request: bytes, tally: Tally) -> None:
        self.request = request
        self.tally = tally
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.ask()

    def ask(self) -> None:
        self.tally.requests += 1
        self.begun = time.monotonic()
        self.transport.write(self.request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.finish(f"the connection was closed: {exc or 'orderly'}")

    def finish(self, error: str = "") -> None:
        if not self.over.done():
            if error:
                self.tally.fail(error)
            self.over.set_result(None)
            self.transport.abort()


class Asking(Exchange):
    """The same question again and again, while ``goes_on`` says so."""

    def __init__(self, request: bytes, tally: Tally, goes_on: Callable[[], bool]) -> None:
        super().__init__(request, tally)
        self.goes_on = goes_on
        self.answer = b""

    def data_received(self, data: bytes) -> None:
        self.answer += data
        if not is_whole(self.answer):
            return
        self.tally.latencies.append(time.monotonic() - self.begun)
        if not self.answer.startswith(b"HTTP/1.1 200"):
            self.tally.fail(shown(self.answer))
        self.answer = b""
        if self.goes_on():
            self.ask()
        else:
            self.finish()


def is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    _, has_length, rest = head.lower().partition(b"\r\ncontent-length:")
    if has_length:
        return len(body) >= int(rest.partition(b"\r\n")[0])
    return body.endswith(LAST_CHUNK)


def shown(answer: bytes) -> str:
    return answer[-300:].decode(errors="replace")


class Reading(Exchange):
    """One stream, read to its end."""

    seen = b""  # the end of what came before, for what was cut in two
    has_begun = False
    is_done = False
    was_left = False

    def data_received(self, data: bytes) -> None:
        seen = self.seen + data
        events = seen.count(EVENT)
        if events and not self.has_begun:
            self.has_begun = True
            self.tally.first_bytes.append(time.monotonic() - self.begun)
        self.tally.chunks += events
        self.seen = seen[-len(EVENT) + 1 :]
        self.is_done = self.is_done or END in seen
        if b'"error"' in data:
            self.finish(shown(data))
        elif self.is_done:
            self.finish()
        elif seen.endswith(LAST_CHUNK):
            self.finish("the stream ended early")


async def chat(client: Client, connections: int, seconds: float, tally: Tally) -> None:
    """Ask for ``seconds``, and longer if that was not enough for figures that mean something."""
    begun = time.monotonic()

    def goes_on() -> bool:
        passed = time.monotonic() - begun
        return passed < seconds or (passed < PATIENCE * seconds and tally.requests < FEWEST)

    request = client.request(stream=False)
    work = [run(client, Asking(request, tally, goes_on)) for _ in range(connections)]
    await asyncio.wait_for(asyncio.gather(*work), PATIENCE * seconds + LAST_ANSWER_SECONDS)


async def streams(client: Client, connections: int, seconds: float, tally: Tally) -> None:
    """Begin all streams at once, and read them to their ends or for ``seconds``."""
    until = time.monotonic() + seconds
    work = [read(client, tally, until) for _ in range(connections)]
    tally.unfinished = sum(reading.was_left for reading in await asyncio.gather(*work))


async def abandon(client: Client, connections: int, seconds: float, tally: Tally) -> None:
    """Begin streams one after another, hold them for ``seconds``, and leave all at once."""
    begun = time.monotonic()
    until = begun + connections * client.apart_seconds + seconds

    async def hold(number: int) -> None:
        await asyncio.sleep(number * client.apart_seconds)
        reading = await read(client, tally, until)
        if reading.is_done and not reading.was_left:
            tally.fail("a stream ended that was not to end")

    await asyncio.gather(*(hold(number) for number in range(connections)))


async def read(client: Client, tally: Tally, until: float) -> Reading:
    """Read a stream to its end, or leave it at ``until``."""
    reading = Reading(client.request(stream=True), tally)
    try:
        await asyncio.wait_for(run(client, reading), until - time.monotonic())
    except TimeoutError:
        if not reading.has_begun:
            tally.first_bytes.append(time.monotonic() - reading.begun)  # or longer
        reading.was_left = True
        reading.transport.abort()
    return reading


async def run(client: Client, exchange: Exchange) -> None:
    parts = urlsplit(client.url)
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: exchange, parts.hostname, parts.port)
    await exchange.over


KINDS = {"chat": chat, "streams": streams, "abandon": abandon}


async def main(arguments: argparse.Namespace) -> None:
    client = Client(
        arguments.url,
        arguments.key,
        arguments.model,
        arguments.max_tokens,
        tuple(arguments.header),
        arguments.apart_ms / 1000,
    )
    tally = Tally()
    started = time.monotonic()
    await KINDS[arguments.kind](client, arguments.connections, arguments.seconds, tally)
    result = {
        "requests": tally.requests,
        "chunks": tally.chunks,
        "errors": tally.errors,
        "unfinished": tally.unfinished,
        "first_error": tally.first_error,
        "seconds": time.monotonic() - started,
        "latency_p50_ms": at(tally.latencies, 0.5) * 1000,
        "latency_p99_ms": at(tally.latencies, 0.99) * 1000,
        "ttft_p50_ms": at(tally.first_bytes, 0.5) * 1000,
        "ttft_p99_ms": at(tally.first_bytes, 0.99) * 1000,
        "cpu_seconds": time.process_time(),
    }
    print(json.dumps(result))


def at(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] if times else 0.0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    made.add_argument("kind", choices=tuple(KINDS))
    made.add_argument("url")
    made.add_argument("key")
    made.add_argument("--model", default="mock")
    made.add_argument("--max-tokens", type=int, default=0)
    made.add_argument("--header", action="append", default=[], metavar="LINE")
    made.add_argument("--connections", type=int, default=16)
    made.add_argument("--apart-ms", type=float, default=10, help="of streams that will be left")
    made.add_argument("--seconds", type=float, default=5)
    return made


if __name__ == "__main__":
    uvloop.run(main(parser().parse_args()))
