"""What runs under valgrind: chats and streams, through the gateway or through the floor.

``python -m benchmarks.instructions.counted gateway KEY`` prints the names of its marks as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import uvicorn
import uvloop
from uvicorn.server import ServerState

from benchmarks.floor import FloorApplication
from benchmarks.instructions import callgrind
from benchmarks.instructions.marks import Marks
from benchmarks.instructions.stages import ANSWER, Watch
from benchmarks.instructions.wire import CHAT_ENDS_WITH, STREAM_ENDS_WITH, ClientWire, Upstream
from benchmarks.load import Client

Begin = Callable[[], None]

UPSTREAM = "http://127.0.0.1:9/v1"  # wire.Upstream takes every connection to it

CHATS, SHORT, LONG, ASIDE, NOTHING = "chats", "short stream", "long stream", "aside", "nothing"


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How often each stretch is counted: the least is what holds."""

    warm_up: int = 20
    rounds: int = 15
    chats: int = 4  # in each round
    short: int = 20
    long: int = 100
    staged: int = 9


ONCE = Effort(warm_up=2, rounds=1, chats=1, short=2, long=4, staged=1)


def _nothing() -> None:
    """Nothing counts."""


class Counting:
    """``client`` is connected to what is counted, whose way out is ``upstream``."""

    def __init__(self, client: ClientWire, upstream: Upstream, key: str, effort: Effort) -> None:
        self.marks = Marks()
        asking = Client("http://127.0.0.1:8000/v1", key, "mock")
        self._whole, self._streamed = asking.request(stream=False), asking.request(stream=True)
        self._client = client
        self._upstream = upstream
        self._effort = effort

    async def chats(self, number: int) -> None:
        for _ in range(number):
            await self._client.ask(self._whole, CHAT_ENDS_WITH)

    async def stream(self, chunks: int) -> None:
        self._upstream.chunks = chunks
        await self._client.ask(self._streamed, STREAM_ENDS_WITH)
        self._upstream.chunks = 0

    async def warm_up(self) -> None:
        await self.chats(self._effort.warm_up)
        for _ in range(2):
            await self.stream(self._effort.long)

    async def totals(self) -> None:
        effort = self._effort
        for _ in range(effort.rounds):
            self.marks.begin(CHATS)
            await self.chats(effort.chats)
            self.marks.begin(SHORT)
            await self.stream(effort.short)
            self.marks.begin(LONG)
            await self.stream(effort.long)
            self.marks.begin(ASIDE)

    async def stages(self) -> None:
        """Behind the totals: the marks between the stages would count in them."""
        watch = Watch(self.marks)
        nothing = watch.watched(NOTHING, int)
        for _ in range(self._effort.staged):
            watch.restart()
            nothing()
            watch.begin(ASIDE)
        watch.install()
        self._upstream.marks, self._upstream.stage = self.marks, ANSWER
        for _ in range(self._effort.staged):
            watch.restart()
            await self.chats(1)
            self.marks.begin(ASIDE)


async def counted(kind: str, key: str, effort: Effort, *, begin: Begin = _nothing) -> list[str]:
    """The names of the marks that were passed."""
    upstream = Upstream()
    upstream.take_connections()
    application, running, protocol_class = chosen(kind)
    async with running:
        config = uvicorn.Config(
            application,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        config.load()
        protocol = protocol_class(config, ServerState(), {})
        client = ClientWire(protocol)
        counting = Counting(client, upstream, key, effort)
        await counting.warm_up()
        begin()
        await counting.totals()
        if kind == "gateway":
            await counting.stages()
        client.close()
    return counting.marks.names


def chosen(kind: str) -> tuple[Any, AbstractAsyncContextManager[Any], Any]:
    """The application, what has to run beside it, and the server's protocol."""
    if kind == "floor":
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

        floor = FloorApplication(f"{UPSTREAM}/chat/completions")
        return floor, floor, HttpToolsProtocol
    from gateway_project.asgi import application
    from gateway_project.lifespan import serving
    from gateway_project.protocol import GatewayProtocol

    return application, serving(), GatewayProtocol


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions.counted")
    parser.add_argument("kind", choices=("gateway", "floor"))
    parser.add_argument("key")
    parser.add_argument("--once", action="store_true", help="each stretch, to see that it works")
    parser.add_argument("--valgrind", action="store_true", help="runs this, and is to count")
    arguments = parser.parse_args()
    begin = callgrind.begin if arguments.valgrind else _nothing
    coroutine = counted(
        arguments.kind, arguments.key, ONCE if arguments.once else Effort(), begin=begin
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(coroutine)))


if __name__ == "__main__":
    main()
