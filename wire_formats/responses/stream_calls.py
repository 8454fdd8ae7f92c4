"""The calls of tools in a chat's stream, put together from their pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from wire_formats.chat.calls import arguments_text
from wire_formats.chat.google_signatures import google_signature
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_object, as_text
from wire_formats.responses.stream_items import OpenCall


@dataclass(slots=True)
class StreamedCall:
    """``pieces`` are the arguments so far. ``item`` is None until its client can be told of it.

    ``id`` is the upstream's; the client knows the call by ``told_id``.
    """

    index: Any
    id: str = ""
    told_id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    item: OpenCall | None = None
    signature: str = ""

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    @property
    def is_whole(self) -> bool:
        """Whether its arguments are JSON that is complete."""
        if not any(piece.rstrip().endswith("}") for piece in self.pieces[-2:]):
            return False  # a glance, since some upstreams repeat the name with each piece
        try:
            orjson.loads(self.arguments)
        except orjson.JSONDecodeError:
            return False
        return True


class StreamedCalls:
    """Finds the call that a piece belongs to.

    By its ``index``, as OpenAI writes it. Some upstreams write none, or the same for all; some
    repeat the id with each piece, and some give a call in one piece without an id.
    """

    def __init__(self) -> None:
        self.all: list[StreamedCall] = []

    def take(self, piece: JsonObject) -> tuple[StreamedCall, str]:
        """The call that ``piece`` is of, and the arguments that it adds."""
        function = as_object(piece.get("function"))
        id_, name = as_text(piece.get("id")), as_text(function.get("name"))
        call = self._known(piece.get("index"), id_, name)
        if call is None:
            call = StreamedCall(index=piece.get("index"))
            self.all.append(call)
        call.id = call.id or id_
        call.name = call.name or name
        added = arguments_text(function.get("arguments"))
        call.pieces.append(added)
        call.signature = google_signature(piece) or call.signature
        return call, added

    def _known(self, index: Any, id_: str, name: str) -> StreamedCall | None:
        for call in reversed(self.all):
            if id_ and call.id == id_:
                return call
            if index is None or call.index != index:
                continue
            is_another = bool(id_ and call.id) or bool(name and call.name and call.is_whole)
            return None if is_another else call
        if index is None and not id_ and not name and self.all:
            return self.all[-1]
        return None
