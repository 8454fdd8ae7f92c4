"""Asking the database for keys that are not known, many with each query.

The checksum of a key is public, so anybody can make up keys that only the database can tell from
good ones. One query is under way at a time and takes along all that have come meanwhile; an address
that has presented many unknown keys waits for the slow lane, which asks twice a second:

    look-up ──► the address has room ──► fast lane: as soon as the query before has ended
           └──► it has none ───────────► slow lane: every SLOW_SECONDS, for all such addresses
           └──► the lane is full ──────► TooManyLookUpsError: come back in a second

So a good key gets through from an address that others flood, and nobody else waits for them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from accounts.caller_lookup import KnownCaller

DIGESTS_PER_QUERY = 500
MOST_WAITING = 5000  # in the fast lane: more clients than start anew at once
MOST_WAITING_SLOWLY = DIGESTS_PER_QUERY
SLOW_SECONDS = 0.5
BURST, MISSES_PER_SECOND = 60.0, 5.0  # unknown keys of one address
MOST_ADDRESSES = 10_000

Read = Callable[[list[str]], Awaitable[Mapping[str, KnownCaller]]]
Answer = asyncio.Future[KnownCaller | None]


class TooManyLookUpsError(Exception):
    """More unknown keys are being looked up than may wait."""


class LookUps:
    """``read`` gives the callers of up to ``DIGESTS_PER_QUERY`` digests."""

    def __init__(self, read: Read) -> None:
        self._answers: dict[str, Answer] = {}
        self._fast = _Lane(read, pause=0, capacity=MOST_WAITING)
        self._slow = _Lane(read, pause=SLOW_SECONDS, capacity=MOST_WAITING_SLOWLY)
        self._misses = Misses()

    async def find(self, digest: str, address: Callable[[], str]) -> KnownCaller | None:
        """The caller of ``digest``; those who ask for the same share the answer.

        Raises :class:`TooManyLookUpsError` and what ``read`` raises.
        """
        whence = network_of(address())
        answer = self._answers.get(digest)
        if answer is None:
            lane = self._fast if self._misses.has_room(whence) else self._slow
            answer = self._answers[digest] = lane.enter(digest)
            answer.add_done_callback(lambda _: self._answers.pop(digest, None))
        # Shielded: a client that hangs up must not take the answer from the others.
        found = await asyncio.shield(answer)
        if found is None:
            self._misses.note(whence)
        return found


class _Lane:
    """Digests that wait for the next query. One query at a time, ``pause`` seconds apart."""

    def __init__(self, read: Read, *, pause: float, capacity: int) -> None:
        self._read = read
        self._pause = pause
        self._capacity = capacity
        self._waiting: dict[str, Answer] = {}
        self._serving: asyncio.Task[None] | None = None

    def enter(self, digest: str) -> Answer:
        if len(self._waiting) >= self._capacity:
            raise TooManyLookUpsError
        answer = self._waiting[digest] = asyncio.get_running_loop().create_future()
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return answer

    async def _serve(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._pause)
            chunk = list(self._waiting)[:DIGESTS_PER_QUERY]
            asked = {digest: self._waiting.pop(digest) for digest in chunk}
            try:
                found = await self._read(chunk)
            except BaseException as exc:  # nobody may be left waiting, whatever it is
                _fail(asked.values(), exc)
                if isinstance(exc, asyncio.CancelledError):
                    raise
            else:
                for digest, answer in asked.items():
                    if not answer.done():
                        answer.set_result(found.get(digest))


def _fail(answers: Iterable[Answer], exc: BaseException) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_exception(exc)
            answer.exception()  # taken note of, also when nobody waits for it any more


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Misses:
    """How many unknown keys each address has presented lately. Of old addresses it knows none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def has_room(self, address: str) -> bool:
        """Whether ``address`` may present another; the gateway's own looks, of none, always."""
        return not address or self._filled(address).tokens >= 1

    def note(self, address: str) -> None:
        """Count an unknown key."""
        if address:
            bucket = self._filled(address)
            bucket.tokens = max(0.0, bucket.tokens - 1)

    def _filled(self, address: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(address, _Bucket(BURST, now))
        self._buckets.move_to_end(address)
        if len(self._buckets) > MOST_ADDRESSES:
            self._buckets.popitem(last=False)
        earned = (now - bucket.filled_at) * MISSES_PER_SECOND
        bucket.tokens = min(BURST, bucket.tokens + earned)
        bucket.filled_at = now
        return bucket


def network_of(address: str) -> str:
    """What one client is given: an address of IPv4, 64 bits of IPv6; other texts as they are."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
