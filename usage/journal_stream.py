"""The stream of the journal in Redis, read by a consumer group and moved to the database.

::

    XREADGROUP, XAUTOCLAIM ──► entries, pending ──► stored ──► XACK, XDEL
                    ▲                 └─ the worker died, or the database would not have them
                    └── CLAIM_SECONDS ◄──┘

All workers are one consumer: Redis hands out each entry once, and again only when it has been
pending for a while. So no consumer of a dead worker stays behind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import redis
from django.db import Error, connection

from infrastructure import redis_outage
from infrastructure.redis_servers import client
from usage.journal import records_in
from usage.journal_link import FIELD, KEY
from usage.record import UsageRecord
from usage.storing import store

logger = logging.getLogger(__name__)

GROUP, CONSUMER = "database", "workers"
BATCH = 2000
MOST_BATCHES = 10  # in one go: a worker that stops does not stay for the records of all others
CLAIM_SECONDS = 15.0  # longer than a batch takes to be stored
SOCKET_SECONDS = 5.0
CONNECT_SECONDS = 1.0

OnStored = Callable[[Iterable[UsageRecord]], None]
Store = Callable[[Sequence[UsageRecord]], None]


class Entry(NamedTuple):
    """``line`` is a record, as a file has it."""

    id: bytes
    line: bytes


class JournalStream:
    """Belongs to one thread. Its methods raise ``redis.RedisError`` and ``OSError``.

    ``length`` is how many entries there were when Redis was asked last.
    """

    def __init__(self, url: str, *, claim_seconds: float = CLAIM_SECONDS) -> None:
        self._client: Any = client(
            url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=CONNECT_SECONDS
        )
        self._claim_milliseconds = int(claim_seconds * 1000)
        self.length = 0

    def measured(self) -> int:
        """How many entries wait, taken or not."""
        self.length = int(self._client.xlen(KEY))
        return self.length

    def batches(self) -> Iterator[list[Entry]]:
        """What nobody else has at this moment: first what was left behind, then what is new."""
        if not self.measured():
            return
        for _ in range(MOST_BATCHES):
            batch = self._left_behind() or self._new()
            if not batch:
                break
            yield batch
        self.measured()

    def remove(self, batch: Sequence[Entry]) -> int:
        """Forget entries that are stored; how many of them were still there."""
        ids = [entry.id for entry in batch]
        pipe = self._client.pipeline(transaction=True)
        pipe.xack(KEY, GROUP, *ids)
        pipe.xdel(KEY, *ids)
        removed: int = pipe.execute()[1]
        return removed

    def lines(self) -> Iterator[bytes]:
        """Every line, while others go on writing and moving."""
        start = "-"
        while found := self._client.xrange(KEY, min=start, count=BATCH):
            yield from (entry.line for entry in _entries(found))
            start = f"({found[-1][0].decode()}"

    def close(self) -> None:
        self._client.close()

    def _left_behind(self) -> list[Entry]:
        reply = self._in_group(
            lambda: self._client.xautoclaim(
                KEY, GROUP, CONSUMER, self._claim_milliseconds, "0-0", count=BATCH
            )
        )
        return _entries(reply[1])

    def _new(self) -> list[Entry]:
        reply = self._in_group(
            lambda: self._client.xreadgroup(GROUP, CONSUMER, {KEY: ">"}, count=BATCH)
        )
        return _entries(_read(reply))

    def _in_group(self, ask: Callable[[], Any]) -> Any:
        """What ``ask`` returns, in a group that is made where Redis has none, as one that was
        emptied.
        """
        try:
            return ask()
        except redis.ResponseError as exc:
            if not str(exc).startswith("NOGROUP"):
                raise
        try:
            self._client.xgroup_create(KEY, GROUP, id="0", mkstream=True)
        except redis.ResponseError as exc:
            if not str(exc).startswith("BUSYGROUP"):  # another worker was faster
                raise
        return ask()


def move_stream(
    stream: JournalStream, on_stored: OnStored | None = None, store: Store = store
) -> int:
    """Store the records of the stream that are to be had; how many there were.

    Raises ``django.db.Error``, ``redis.RedisError`` and ``OSError``. Nothing is lost then: what was
    taken is handed out again after ``CLAIM_SECONDS``.
    """
    moved = torn = 0
    for batch in stream.batches():
        found = list(records_in(entry.line for entry in batch))
        known = [record for record in found if record is not None]
        store(known)
        removed = stream.remove(batch)
        moved += len(known)
        torn += len(found) - len(known)
        # None was there: another worker claimed them meanwhile, and has told of them.
        if removed and on_stored is not None:
            on_stored(known)
    if torn:
        logger.warning("%d entries of the usage journal could not be read and are lost", torn)
    return moved


def try_to_move(stream: JournalStream, on_stored: OnStored | None, store: Store) -> bool:
    """Store what is to be had; False if the database would not have it.

    While Redis cannot be asked, there is nothing to be had.
    """
    try:
        move_stream(stream, on_stored, store)
    except Error as exc:
        logger.warning("usage stays in Redis, the database says: %s", exc)
        return False
    except (redis.RedisError, OSError) as exc:
        redis_outage.tell("usage records stay in Redis", exc)
    finally:
        connection.close()
    return True


def stream_state(url: str) -> dict[str, int]:
    """How many records wait in the Redis of ``url``, and lines that cannot be read."""
    with closing(JournalStream(url)) as stream:
        found = [record is not None for record in records_in(stream.lines())]
    return {"in_redis": sum(found), "torn_in_redis": len(found) - sum(found)}


def flushed(url: str) -> dict[str, int]:
    """Move every record in the Redis of ``url``, taken or not. Raises as :func:`move_stream`."""
    with closing(JournalStream(url, claim_seconds=0)) as stream:
        moved = 0
        while found := move_stream(stream):
            moved += found
    return {"moved_from_redis": moved}


def _entries(found: Iterable[Any]) -> list[Entry]:
    """An entry without our field is another's, and counts as torn."""
    return [Entry(name, fields.get(FIELD, b"{}")) for name, fields in found if name is not None]


def _read(reply: Any) -> list[Any]:
    """The entries of the one stream that was read: RESP3 has a map where RESP2 has a list."""
    if isinstance(reply, dict):
        return [entry for found in reply.values() for part in found for entry in part]
    return [entry for _, found in reply for entry in found]
