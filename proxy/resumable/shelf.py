"""The recordings in the memory of a worker, and how many of whose there may be.

Settings cap what is under way, for each key and in all, and the bytes of either; what is finished
makes room for what is under way, the oldest first.
"""

from __future__ import annotations

from functools import partial

from django.conf import settings

from proxy.resumable.recording import Recording
from proxy.resumable.room import Room


class Shelf:
    """Those that are being made here, and those that are kept here for want of Redis."""

    def __init__(self) -> None:
        self._recordings: dict[str, Recording] = {}  # the oldest first
        self._rooms: dict[str, Room] = {}  # by owner
        self._room = Room(settings.GATEWAY_RESUMABLE_TOTAL_BYTES, self._relieve)

    def get(self, request_id: str) -> Recording | None:
        return self._recordings.get(request_id)

    def add(self, request_id: str, owner: str) -> Recording | None:
        """A new recording; None at a cap."""
        if self._is_full(owner) or self._room.is_overfull():
            return None
        if owner not in self._rooms:
            self._rooms[owner] = Room(
                settings.GATEWAY_RESUMABLE_KEY_BYTES,
                partial(self._relieve, owner),
                within=self._room,
            )
        recording = self._recordings[request_id] = Recording(
            owner=owner,
            limit_bytes=settings.GATEWAY_RESUMABLE_MAX_BYTES,
            room=self._rooms[owner],
        )
        return recording

    def remove(self, request_id: str) -> None:
        recording = self._recordings.pop(request_id, None)
        if recording is None:
            return
        recording.leave_room()
        if not self._of(recording.owner):
            del self._rooms[recording.owner]

    def thin_out(self, owner: str) -> None:
        """Give up the oldest of what is finished, where there is too much of one owner's."""
        finished = [one for one in self._of(owner) if self._recordings[one].is_complete]
        for request_id in finished[: -settings.GATEWAY_RESUMABLE_MAX_KEPT]:
            self.remove(request_id)

    def under_way(self) -> dict[str, str]:
        """The owners of what is not finished, by request id."""
        return {
            request_id: recording.owner
            for request_id, recording in self._recordings.items()
            if not recording.is_complete
        }

    def _is_full(self, owner: str) -> bool:
        owners = list(self.under_way().values())
        return (
            len(owners) >= settings.GATEWAY_RESUMABLE_MAX_STREAMS_TOTAL
            or owners.count(owner) >= settings.GATEWAY_RESUMABLE_MAX_STREAMS
        )

    def _relieve(self, owner: str | None = None) -> bool:
        for request_id, recording in self._recordings.items():
            if recording.is_complete and owner in {None, recording.owner}:
                self.remove(request_id)
                return True
        return False

    def _of(self, owner: str) -> list[str]:
        return [key for key, recording in self._recordings.items() if recording.owner == owner]
