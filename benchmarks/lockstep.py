"""What a chat and a chunk cost when each is sent once the one before has arrived.

``python -m benchmarks.lockstep [CHECKOUT ...]`` measures this checkout and, by turns, others.
``--limits 3`` adds each of them with three limits of its user, ``--floor`` uvicorn and aiohttp
without logic; ``--chats`` leaves out the chunks.

The driver is client and upstream in one, so each chunk is read, written and woken up for alike,
however busy the machine is. With streams at a pace of their own (``python -m benchmarks``) a late
gateway reads several chunks at once, and looks the cheaper for it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from operator import sub, truediv
from pathlib import Path

import psutil
import uvloop

from benchmarks import processes
from benchmarks.contenders import Contender, Floor, Gatehouse
from benchmarks.contenders.contender import Prepared
from benchmarks.ends import Arrival, End, Step, Upstream
from benchmarks.load import Client
from benchmarks.mock_upstream import STREAM_PIECES

CHAT, ALONE, TOGETHER = "chat", "chunk, alone", "chunk, together with the others"


@dataclass(kw_only=True)
class Gateway:
    """One that runs, with the two ends of its open streams."""

    name: str
    prepared: Prepared
    process: psutil.Process
    streams: list[tuple[asyncio.Transport, Arrival]] = field(default_factory=list)
    costs: dict[str, list[float]] = field(default_factory=dict)  # microseconds

    async def connect(self, arrived: Callable[[], None]) -> tuple[asyncio.Transport, Arrival]:
        loop = asyncio.get_running_loop()
        port = self.prepared.server.port
        return await loop.create_connection(lambda: Arrival(arrived), "127.0.0.1", port)

    def request(self, *, stream: bool) -> bytes:
        return Client(self.prepared.url, self.prepared.key, "mock").request(stream=stream)

    async def open_streams(self, number: int) -> None:
        for _ in range(number):
            step = Step(1)
            transport, arrival = await self.connect(step.arrived)
            transport.write(self.request(stream=True))
            await step
            self.streams.append((Upstream.latest, arrival))

    async def chats(self, number: int) -> None:
        """One after another over one connection."""
        transport, arrival = await self.connect(_nothing)
        request = self.request(stream=False)
        for _ in range(number):
            step = Step(1)
            arrival.arrived = step.arrived
            transport.write(request)
            await step
        transport.abort()

    async def chunks_alone(self, number: int) -> None:
        """One after another, each on the next of the streams."""
        for n in range(number):
            upstream, arrival = self.streams[n % len(self.streams)]
            step = Step(1)
            arrival.arrived = step.arrived
            upstream.write(STREAM_PIECES[n & 1])
            await step

    async def chunks_together(self, number: int) -> None:
        """One on each stream at the same moment, again and again."""
        for n in range(number // len(self.streams)):
            step = Step(len(self.streams))
            for _, arrival in self.streams:
                arrival.arrived = step.arrived
            for upstream, _ in self.streams:
                upstream.write(STREAM_PIECES[n & 1])
            await step

    async def work(self, kind: str, number: int) -> None:
        await {CHAT: self.chats, ALONE: self.chunks_alone, TOGETHER: self.chunks_together}[kind](
            number
        )

    async def measure(self, kind: str, number: int) -> None:
        before = scheduled_seconds(self.process)
        await self.work(kind, number)
        seconds = scheduled_seconds(self.process) - before
        self.costs.setdefault(kind, []).append(seconds / number * 1e6)


def _nothing() -> None:
    """No arrival is waited for yet."""


def scheduled_seconds(process: psutil.Process) -> float:
    """CPU time of the process and its children, in nanoseconds where others count in ticks."""
    family = [process, *process.children(recursive=True)]
    found = 0
    for member in family:
        for thread in Path(f"/proc/{member.pid}/task").iterdir():
            found += int((thread / "schedstat").read_text().split()[0])
    return found / 1e9


@dataclass(frozen=True, kw_only=True)
class Effort:
    rounds: int = 20
    streams: int = 50
    numbers: dict[str, int] = field(
        default_factory=lambda: {CHAT: 100, ALONE: 500, TOGETHER: 1000}
    )  # in each round; of chunks, multiples of the streams


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """``name`` is the one in the table."""

    name: str
    contender: Contender


async def measured(entrants: Sequence[Entrant], effort: Effort) -> list[Gateway]:
    """The gateways of ``entrants``, with what each round of each kind has cost them."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, ExitStack() as stack:
        try:
            gateways = [
                await started(entrant, Path(name) / str(n), url, stack)
                for n, entrant in enumerate(entrants)
            ]
            for gateway in gateways:
                await gateway.open_streams(effort.streams)
                for kind, number in effort.numbers.items():
                    await gateway.work(kind, number)
            for n in range(effort.rounds):
                for kind, number in effort.numbers.items():
                    for gateway in gateways if n % 2 else reversed(gateways):
                        await gateway.measure(kind, number)
        finally:
            server.close()
            await End.part()
    return gateways


async def started(entrant: Entrant, directory: Path, url: str, stack: ExitStack) -> Gateway:
    """A gateway that runs until ``stack`` is closed."""
    print(f"{entrant.name} ...", file=sys.stderr, flush=True)
    await asyncio.to_thread(directory.mkdir)
    prepared = await asyncio.to_thread(entrant.contender.prepare, directory, url)
    running = processes.running(prepared.server, directory / "log")
    process = await asyncio.to_thread(stack.enter_context, running)
    return Gateway(name=entrant.name, prepared=prepared, process=process)


def shown(gateways: Sequence[Gateway]) -> str:
    """The median of each gateway in microseconds; behind each further one the median difference and
    ratio to the first one's round beside it."""
    first, *others = gateways
    lines = []
    for kind, costs in first.costs.items():
        line = f"{kind}: {statistics.median(costs):.1f} µs"
        for other in others:
            theirs = other.costs[kind]
            ratio = statistics.median(map(truediv, theirs, costs))
            more = statistics.median(map(sub, theirs, costs))
            line += f"; {other.name} {statistics.median(theirs):.1f} µs ({more:+.1f}, {ratio:.2f}x)"
        lines.append(line)
    return "\n".join(lines)


def entrants(arguments: argparse.Namespace) -> list[Entrant]:
    """This checkout, and what the ``arguments`` add."""
    roots = [processes.ROOT, *(it.resolve() for it in arguments.checkouts)]
    found = [Entrant(name=root.name, contender=Gatehouse(root=root)) for root in roots]
    if limits := arguments.limits:
        found += [
            Entrant(name=f"{root.name}, {limits} limits", contender=Gatehouse(limits, root=root))
            for root in roots
        ]
    if arguments.floor:
        found.append(Entrant(name=Floor.name, contender=Floor()))
    return found


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m benchmarks.lockstep", description=__doc__)
    found.add_argument("checkouts", nargs="*", type=Path, help="of other versions")
    found.add_argument("--rounds", type=int, default=Effort.rounds)
    found.add_argument("--limits", type=int, choices=range(5), default=0, help="in further runs")
    found.add_argument("--floor", action="store_true", help="uvicorn and aiohttp without logic")
    found.add_argument("--chats", action="store_true", help="measure chats alone")
    return found


def main() -> None:
    arguments = parser().parse_args()
    effort = Effort(rounds=arguments.rounds)
    if arguments.chats:
        effort = replace(effort, numbers={CHAT: effort.numbers[CHAT]})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(shown(runner.run(measured(entrants(arguments), effort))))


if __name__ == "__main__":
    main()
