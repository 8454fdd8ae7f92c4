"""The events of a message's blocks, which come one after another."""

from __future__ import annotations

from collections.abc import Iterator

from wire_formats.json_types import JsonObject
from wire_formats.messages.types import BlockDelta
from wire_formats.sse import typed_event


class BlockEvents:
    """Counts the blocks. ``kind`` is the type of the one that is open, empty for none."""

    def __init__(self) -> None:
        self.kind = ""
        self._count = 0

    def open(self, block: JsonObject) -> Iterator[bytes]:
        """Begin ``block``, after the end of the one before."""
        yield from self.close()
        self.kind = block["type"]
        self._count += 1
        yield typed_event("content_block_start", index=self._count - 1, content_block=block)

    def delta(self, delta: BlockDelta) -> bytes:
        """One more piece of the block that is open."""
        return typed_event("content_block_delta", index=self._count - 1, delta=delta)

    def close(self) -> Iterator[bytes]:
        """End the block that is open, if there is one."""
        if self.kind:
            self.kind = ""
            yield typed_event("content_block_stop", index=self._count - 1)

    def whole(self, block: JsonObject) -> Iterator[bytes]:
        """A ``block`` that is told at once."""
        yield from self.open(block)
        yield from self.close()
