"""The recordings of a worker, and the way to those of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.caller import Caller
from proxy.client_side.api_request import ApiRequest
from proxy.references.ownership import owner_name
from proxy.resumable import finished, leases, redis_clients, redis_stream
from proxy.resumable.recording import Recording
from proxy.resumable.request import RecordedRequest
from proxy.resumable.shelf import Shelf

FAREWELL_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a stream can be read: in this worker's ``recording``, or else in Redis."""

    request_id: str
    recording: Recording | None

    def after(self, number: int) -> AsyncGenerator[bytes]:
        """The events after ``number`` to the end, as they come. Raises ``ApiError``."""
        if self.recording is not None:
            return self.recording.after(number)
        return redis_stream.after(self.request_id, number)


class Recordings:
    """Starts recordings, as many as may be, and finds them."""

    def __init__(self) -> None:
        self._shelf = Shelf()
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewing: asyncio.Task[None] | None = None

    async def start(
        self, request: ApiRequest, caller: Caller
    ) -> tuple[RecordedRequest, Recording] | None:
        """Have ``request`` answered by a task of its own. None if a cap is reached."""
        owner, request_id = owner_name(caller), request.request_id
        recording = self._shelf.add(request_id, owner)
        if recording is None:
            return None
        is_allowed = False
        try:
            is_allowed = not settings.REDIS_URL or await leases.take(owner, request_id)
        finally:
            if not is_allowed:  # or the client has left meanwhile
                self._shelf.remove(request_id)
        if not is_allowed:
            return None
        recorded = RecordedRequest(request, recording)
        self._spawn(self._record(recorded, request, owner))
        self._spawn(self._keep(recording, request_id))
        if settings.REDIS_URL and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.create_task(self._renew())
        return recorded, recording

    async def find(self, request_id: str, caller: Caller) -> Source | None:
        """Where ``caller`` can read their stream; None if it is not theirs, or is no more."""
        recording = self._shelf.get(request_id)
        if recording is not None:
            owner: str | None = recording.owner
        else:
            owner = await redis_stream.owner_of(request_id) if settings.REDIS_URL else None
        if owner != owner_name(caller):
            return None
        return Source(request_id=request_id, recording=recording)

    async def stop(self) -> None:
        """Let what has ended be written, and end the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FAREWELL_SECONDS)
        renewing, self._renewing = self._renewing, None  # one that is done may be of another loop
        ending = [*self._tasks, *([renewing] if renewing and not renewing.done() else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await redis_clients.aclose()

    async def _record(self, recorded: RecordedRequest, request: ApiRequest, owner: str) -> None:
        try:
            await recorded.run(request.application)
        finally:
            recorded.conclude()
            if settings.REDIS_URL:
                await leases.give_back(owner, request.request_id)

    async def _keep(self, recording: Recording, request_id: str) -> None:
        """In Redis, or else here for as long as it would be there."""
        if settings.REDIS_URL and await redis_stream.copy(recording, request_id):
            self._shelf.remove(request_id)
            await finished.add(recording.owner, request_id, recording.size_bytes)
            return
        await recording.completion()
        self._shelf.thin_out(recording.owner)
        loop = asyncio.get_running_loop()
        loop.call_later(settings.GATEWAY_RESUMABLE_SECONDS, self._shelf.remove, request_id)

    async def _renew(self) -> None:
        """Hold the leases of what is under way, until nothing is."""
        while owners := self._shelf.under_way():
            await leases.renew(owners)
            await asyncio.sleep(leases.RENEW_SECONDS)

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


recordings = Recordings()
