"""The recordings of a worker, and the way to those of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.caller import Caller
from proxy.errors import AnsweredError
from proxy.incoming import ApiRequest
from proxy.references.permission import owner_name
from proxy.resumable import redis_stream
from proxy.resumable.recording import Recording
from proxy.resumable.request import RecordedRequest

MOST_BYTES = 256 * 2**20  # in the memory of one worker, all recordings together
FAREWELL_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a stream can be read: in this worker's ``recording``, or else in Redis."""

    request_id: str
    recording: Recording | None

    def after(self, number: int) -> AsyncGenerator[bytes]:
        """The events behind ``number`` to the end, as they come. Raises ``ApiError``."""
        if self.recording is not None:
            return self.recording.after(number)
        return redis_stream.after(self.request_id, number)


class Recordings:
    """Those that are being made here, and those that are kept here for want of Redis."""

    def __init__(self) -> None:
        self._recordings: dict[str, Recording] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, request: ApiRequest, caller: Caller) -> tuple[RecordedRequest, Recording]:
        """Have ``request`` answered by a task of its own. Raises ``ApiError`` when full."""
        self._make_room()
        recording = Recording(
            owner=owner_name(caller), limit_bytes=settings.GATEWAY_RESUMABLE_MAX_BYTES
        )
        recorded = RecordedRequest(request, recording)
        self._recordings[request.request_id] = recording
        self._spawn(self._record(recorded, request))
        self._spawn(self._keep(recording, request.request_id))
        return recorded, recording

    async def find(self, request_id: str, caller: Caller) -> Source | None:
        """Where ``caller`` can read their stream; None if it is not theirs, or is no more."""
        recording = self._recordings.get(request_id)
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
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _record(self, recorded: RecordedRequest, request: ApiRequest) -> None:
        try:
            await recorded.run(request.application)
        finally:
            recorded.conclude()

    async def _keep(self, recording: Recording, request_id: str) -> None:
        """In Redis, or else here for as long as it would be there."""
        is_elsewhere = bool(settings.REDIS_URL) and await redis_stream.copy(recording, request_id)
        if is_elsewhere:
            self._recordings.pop(request_id, None)
            return
        loop = asyncio.get_running_loop()
        loop.call_later(settings.GATEWAY_RESUMABLE_SECONDS, self._recordings.pop, request_id, None)

    def _make_room(self) -> None:
        total = sum(recording.size_bytes for recording in self._recordings.values())
        for request_id, recording in list(self._recordings.items()):
            if total <= MOST_BYTES:
                return
            if recording.is_complete:
                total -= recording.size_bytes
                del self._recordings[request_id]
        if total > MOST_BYTES:
            raise AnsweredError(
                "Too many streams are being kept. Ask again later, or without resuming.",
                status=503,
                kind="server_error",
                code="resumable_unavailable",
            )

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


recordings = Recordings()
