"""The watch over what was let in, in the process of the test."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError

from proxy.workers.access import AccessWatch, open_sockets
from tests.support.processes import PATIENCE_SECONDS
from usage.exchange import StopReason


class Visitor:
    """Let in, and thrown out as soon as somebody looks; who looks may fail."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.stopped = asyncio.Event()

    async def is_still_allowed(self) -> bool:
        if self.failure is not None:
            raise self.failure
        return False

    def stop(self, reason: StopReason) -> None:
        assert reason is StopReason.ACCESS_WITHDRAWN
        self.stopped.set()


@contextmanager
def let_in(*visitors: Visitor) -> Iterator[None]:
    open_sockets.update(visitors)
    try:
        yield
    finally:
        open_sockets.difference_update(visitors)


async def test_one_that_cannot_be_looked_at_does_not_end_the_watch(caplog) -> None:
    watch = AccessWatch()
    watching = asyncio.create_task(watch.run())
    try:
        for _ in range(2):
            visitor = Visitor()
            with let_in(Visitor(DatabaseError("gone")), visitor):
                watch.look_soon()
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await visitor.stopped.wait()
        assert not watching.done()
    finally:
        watching.cancel()
    assert "access cannot be looked at again" in caplog.text
