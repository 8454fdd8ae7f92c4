"""The calls of tools in a chat's stream, put together from their pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from wire_formats.chat.calls import arguments_text
from wire_formats.chat.google_signatures import google_signature
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_object, as_text
from wire_formats.responses.answer_from_chat.stream_items import OpenCall


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
        self._by_id: dict[str, int] = {}  # the place of the last call that has it
        self._by_index: dict[Any, int] = {}

    def take(self, piece: JsonObject) -> tuple[StreamedCall, str]:
        """The call that ``piece`` is of, and the arguments that it adds."""
        function = as_object(piece.get("function"))
        id_, name = as_text(piece.get("id")), as_text(function.get("name"))
        index = piece.get("index")
        place = self._known(index if isinstance(index, int | str) else None, id_, name)
        if place is None:
            place = self._begin(index)
        call = self.all[place]
        if id_ and not call.id:
            call.id = id_
            self._by_id[id_] = max(place, self._by_id.get(id_, place))
        call.name = call.name or name
        added = arguments_text(function.get("arguments"))
        call.pieces.append(added)
        call.signature = google_signature(piece) or call.signature
        return call, added

    def _begin(self, index: Any) -> int:
        self.all.append(StreamedCall(index=index))
        place = len(self.all) - 1
        if isinstance(index, int | str):
            self._by_index[index] = place
        return place

    def _known(self, index: int | str | None, id_: str, name: str) -> int | None:
        """The place of the call; None for one that begins."""
        same_id = self._by_id.get(id_, -1) if id_ else -1
        same_index = -1 if index is None else self._by_index.get(index, -1)
        if same_id >= max(same_index, 0):
            return same_id
        if same_index >= 0:
            call = self.all[same_index]
            is_another = bool(id_ and call.id) or bool(name and call.name and call.is_whole)
            return None if is_another else same_index
        if index is None and not id_ and not name and self.all:
            return len(self.all) - 1
        return None
