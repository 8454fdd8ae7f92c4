"""What a chunk costs on the chat socket, beside the same chunk as an event of HTTP.

python -m benchmarks.sockets
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import psutil

from benchmarks import processes
from benchmarks.contenders.gatehouse import Gatehouse

CHUNKS_PER_SECOND = 50
BODY = {"model": "mock", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
Ask = Callable[[aiohttp.ClientSession, str], Awaitable[int]]


async def over_http(session: aiohttp.ClientSession, url: str) -> int:
    """The chunks of one stream."""
    chunks = 0
    async with session.post(f"{url}/chat/completions", json=BODY) as answer:
        async for line in answer.content:
            chunks += line.startswith(b"data: {")
    return chunks


async def over_a_socket(session: aiohttp.ClientSession, url: str) -> int:
    """The chunks of one chat on a socket of its own."""
    chunks = 0
    async with session.ws_connect(f"{url}/chat/completions") as socket:
        await socket.send_json(BODY)
        async for message in socket:
            kind = json.loads(message.data)["type"]
            if kind != "chunk":
                break
            chunks += 1
    return chunks


async def all_at_once(ask: Ask, url: str, key: str, streams: int) -> int:
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {key}"}, connector=aiohttp.TCPConnector(limit=0)
    ) as session:
        return sum(await asyncio.gather(*(ask(session, url) for _ in range(streams))))


def cost_us(process: psutil.Process, ask: Ask, url: str, key: str, streams: int) -> float:
    """CPU of the gateway for each chunk, that of the requests' beginnings shared among them."""
    before = processes.cpu_seconds(process)
    chunks = asyncio.run(all_at_once(ask, url, key, streams))
    return (processes.cpu_seconds(process) - before) / chunks * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sockets", description=__doc__)
    parser.add_argument("--streams", type=int, default=50, help="at once")
    parser.add_argument("--seconds", type=float, default=8)
    arguments = parser.parse_args()
    mock = processes.mock_upstream(
        MOCK_CHUNKS=str(int(CHUNKS_PER_SECOND * arguments.seconds)),
        MOCK_CHUNKS_PER_SECOND=str(CHUNKS_PER_SECOND),
    )
    with tempfile.TemporaryDirectory() as name:
        prepared = Gatehouse().prepare(Path(name), f"http://127.0.0.1:{mock.port}/v1")
        with (
            processes.running(mock, Path(name) / "upstream.log"),
            processes.running(prepared.server, Path(name) / "gateway.log") as process,
        ):
            for _ in range(2):  # the first round warms up
                for label, ask in (("event of HTTP", over_http), ("own message", over_a_socket)):
                    cost = cost_us(process, ask, prepared.url, prepared.key, arguments.streams)
                    print(f"{cost:6.1f} µs of CPU per chunk as an {label}")


if __name__ == "__main__":
    main()
