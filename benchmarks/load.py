"""The client's side: raw HTTP/1.1 over asyncio, so that the load costs less than what it measures.

``python -m benchmarks.load chat URL KEY --connections 16 --seconds 5`` asks again and again,
``streams URL KEY --connections 100`` reads as many streams to their end, and
``abandon URL KEY --connections 300 --seconds 60`` begins streams one after another and leaves them
all at once. Each prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import uvloop

MESSAGES = [{"role": "user", "content": "Tell me something. " * 20}]

RAMP_SECONDS = 3.0


@dataclass
class Tally:
    requests: int = 0
    chunks: int = 0
    errors: int = 0
    first_bytes: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Client:
    url: str
    key: str
    model: str

    def request(self, *, stream: bool) -> bytes:
        parts = urlsplit(self.url)
        body = json.dumps(
            {"model": self.model, "messages": MESSAGES, "stream": stream}, separators=(",", ":")
        ).encode()
        return (
            f"POST {parts.path}/chat/completions HTTP/1.1\r\nhost: {parts.netloc}\r\n"
            f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        ).encode() + body

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self.url)
        return await asyncio.open_connection(parts.hostname, parts.port)


async def ask_repeatedly(client: Client, until: float, tally: Tally) -> None:
    reader, writer = await client.connect()
    request = client.request(stream=False)
    while time.monotonic() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        tally.requests += 1
        tally.errors += not head.startswith(b"HTTP/1.1 200")
    writer.close()


async def stream_once(client: Client, tally: Tally) -> None:
    reader, writer = await client.connect()
    started = time.monotonic()
    writer.write(client.request(stream=True))
    head = await reader.readuntil(b"\r\n\r\n")
    tally.requests += 1
    if not head.startswith(b"HTTP/1.1 200"):
        tally.errors += 1
        return
    seen = await reader.read(65536)
    tally.first_bytes.append(time.monotonic() - started)
    is_done = False
    while seen:
        tally.chunks += seen.count(b"data: {")
        is_done = is_done or b"[DONE]" in seen
        if seen.endswith(b"0\r\n\r\n"):
            break
        seen = await reader.read(65536)
    tally.errors += not is_done
    writer.close()


async def hold_stream(client: Client, begin: float, until: float, tally: Tally) -> None:
    """Read a stream from ``begin`` to ``until``, then hang up."""
    await asyncio.sleep(begin - time.monotonic())
    reader, writer = await client.connect()
    started = time.monotonic()
    writer.write(client.request(stream=True))
    tally.requests += 1
    seen = await reader.readuntil(b"\r\n\r\n")
    tally.errors += not seen.startswith(b"HTTP/1.1 200")
    seen = await reader.read(65536)
    tally.first_bytes.append(time.monotonic() - started)
    try:
        async with asyncio.timeout(until - time.monotonic()):
            while seen:
                tally.chunks += seen.count(b"data: {")
                tally.errors += b'"error"' in seen
                seen = await reader.read(65536)
            tally.errors += 1  # it was not to end
    except TimeoutError:
        writer.transport.abort()


async def main(arguments: argparse.Namespace) -> None:
    client = Client(arguments.url, arguments.key, arguments.model)
    tally = Tally()
    started = time.monotonic()
    if arguments.kind == "chat":
        until = started + arguments.seconds
        work = [ask_repeatedly(client, until, tally) for _ in range(arguments.connections)]
    elif arguments.kind == "abandon":
        count = arguments.connections
        until = started + RAMP_SECONDS + arguments.seconds
        begins = [started + RAMP_SECONDS * i / count for i in range(count)]
        work = [hold_stream(client, begin, until, tally) for begin in begins]
    else:
        work = [stream_once(client, tally) for _ in range(arguments.connections)]
    await asyncio.gather(*work)
    times = sorted(tally.first_bytes) or [0.0]
    print(
        json.dumps(
            {
                "requests": tally.requests,
                "chunks": tally.chunks,
                "errors": tally.errors,
                "seconds": time.monotonic() - started,
                "ttft_p50_ms": times[len(times) // 2] * 1000,
                "ttft_p99_ms": times[int(len(times) * 0.99)] * 1000,
            }
        )
    )


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    made.add_argument("kind", choices=("chat", "streams", "abandon"))
    made.add_argument("url")
    made.add_argument("key")
    made.add_argument("--model", default="mock")
    made.add_argument("--connections", type=int, default=16)
    made.add_argument("--seconds", type=float, default=5)
    return made


if __name__ == "__main__":
    uvloop.run(main(parser().parse_args()))
