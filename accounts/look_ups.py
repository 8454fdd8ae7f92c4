"""Asking the database for keys that are not known, many with each query.

The checksum of a key is public, so anybody can make up keys that only the database can tell from
good ones. One query is under way at a time and takes along all that have come meanwhile; an address
that has presented many unknown keys waits for the slow lane, which asks twice a second:

    look-up ──► the address has room ──► fast lane: as soon as the query before has ended
           └──► it has none ───────────► slow lane: every SLOW_SECONDS, for all such addresses
           └──► the lane is full ──────► TooManyLookUpsError: come back in a second

So a good key gets through from an address that others flood, and other addresses do not wait.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from accounts.caller_lookup import KnownCaller
from accounts.client_address import network_of

DIGESTS_PER_QUERY = 500
MOST_WAITING = 5000  # in the fast lane: more than the clients that reconnect at once
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
            # Counted before the result is known, so that look-ups at one moment share no place.
            has_room = self._misses.take(whence)
            lane = self._fast if has_room else self._slow
            answer = self._answers[digest] = lane.enter(digest)
            answer.add_done_callback(lambda _: self._answers.pop(digest, None))
            answer.add_done_callback(partial(self._settle, whence if has_room else ""))
        # Shielded: a client that hangs up must not cancel what others wait for.
        return await asyncio.shield(answer)

    def _settle(self, whence: str, answer: Answer) -> None:
        """A known key, and a key whose look-up failed, cost their address nothing."""
        if answer.cancelled() or answer.exception() is not None or answer.result() is not None:
            self._misses.give_back(whence)


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
            except BaseException as exc:  # each request that waits gets the failure
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
            answer.exception()  # marks it as read: perhaps no request waits for it any more


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Misses:
    """How many unknown keys each address has presented lately. Of old addresses it knows none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, address: str) -> bool:
        """Count an unknown key; False, and nothing is counted, where ``address`` has no room.

        The gateway's own look-ups come from no address and always have room.
        """
        if not address:
            return True
        bucket = self._filled(address)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def give_back(self, address: str) -> None:
        """The key was a known one after all."""
        if address:
            bucket = self._filled(address)
            bucket.tokens = min(BURST, bucket.tokens + 1)

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
