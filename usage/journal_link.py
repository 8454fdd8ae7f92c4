"""The connection on which a worker writes its records to the stream of a journal in Redis.

::

    send ──► one XADD, written at once ──► unconfirmed ──► reply ──► confirmed
                                               ├─ error in the reply ──────► given back
                                               └─ lost, or none in time ───► given back, all of them

Redis replies in the order of the commands. A record is in the socket's buffer when ``send``
returns: no task has to run for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from infrastructure.redis_takeover import TakenOver
from usage.record import UsageRecord

KEY = "gatehouse:usage:journal"
FIELD = b"r"
LOOKS = 5  # for a reply, before Redis is said to be slow
# A server of these errors takes no further record on this connection.
FATAL = (b"-READONLY", b"-NOAUTH", b"-NOPERM", b"-WRONGTYPE", b"-MASTERDOWN")
ADD = b"*5\r\n$4\r\nXADD\r\n$%d\r\n%b\r\n$1\r\n*\r\n$1\r\n%b\r\n" % (
    len(KEY),
    KEY.encode(),
    FIELD,
)

GiveBack = Callable[[UsageRecord, str], None]


class JournalLink(TakenOver):
    """``give_back`` gets each record that Redis did not confirm, and why.

    A reply is waited for up to ``cap_seconds``. That time is looked at in parts, so that a burst
    that keeps this worker from reading replies does not count in full.
    """

    def __init__(self, *, give_back: GiveBack, cap_seconds: float) -> None:
        super().__init__()
        self._give_back = give_back
        self._look_seconds = cap_seconds / LOOKS
        self._unconfirmed: deque[UsageRecord] = deque()
        self._ended = 0  # records that were confirmed or given back
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._rest = b""
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._why = "the connection was lost"
        self.lost = asyncio.Event()

    def send(self, record: UsageRecord) -> bool:
        """Write ``record`` to Redis; False where the connection is gone."""
        if self.transport is None or self.transport.is_closing():
            return False
        line = record.as_line()
        self._unconfirmed.append(record)
        self.transport.write(b"%b$%d\r\n%b\r\n" % (ADD, len(line), line))
        if self._timer is None:
            self._look_again(0, self._ended)
        return True

    async def settled(self) -> None:
        """Return once each record that was sent before is confirmed or given back."""
        if not self._unconfirmed:
            return
        future = self._loop.create_future()
        self._waiting.append((self._ended + len(self._unconfirmed), future))
        await future

    def data_received(self, data: bytes) -> None:
        lines = (self._rest + data).split(b"\r\n")
        self._rest = lines.pop()
        for line in lines:
            kind = line[:1]
            if kind == b"$":  # the length of an id, which follows
                continue
            if not self._unconfirmed or not (kind.isdigit() or kind == b"-"):
                self._fail("Redis sends what is no reply")
                return
            record = self._unconfirmed.popleft()
            if kind == b"-":
                self._refused(record, line)
            self._ended += 1
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()
        while self._unconfirmed:
            self._give_back(self._unconfirmed.popleft(), self._why)
            self._ended += 1
        self._wake()
        self.lost.set()

    def _refused(self, record: UsageRecord, line: bytes) -> None:
        why = line[1:].decode(errors="replace")
        self._give_back(record, f"Redis says {why}")
        if line.startswith(FATAL):
            self._fail(f"Redis says {why}")

    def _fail(self, why: str) -> None:
        self._why = why
        self.abort()

    def _wake(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._ended:
            _, future = self._waiting.popleft()
            if not future.done():  # its request was cancelled
                future.set_result(None)

    def _look_again(self, looks: int, ended: int) -> None:
        self._timer = self._loop.call_later(self._look_seconds, self._look, looks + 1, ended)

    def _look(self, looks: int, ended: int) -> None:
        self._timer = None
        if not self._unconfirmed:
            return
        if ended != self._ended:
            self._look_again(0, self._ended)
        elif looks < LOOKS:
            self._look_again(looks, ended)
        else:
            self._fail("Redis does not reply in time")
