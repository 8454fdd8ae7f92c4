"""Calls of tools in a chat's stream, whose pieces come in many ways.

Pieces should have an index, the first of a call an id and a name. Some providers leave out the
index or the id, give all calls the same index, repeat the name, or write arguments as an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from wire_formats.chat.calls import arguments_text
from wire_formats.chat.google_signatures import google_signature
from wire_formats.errors import UnreadableAnswerError
from wire_formats.fitting import digest_of
from wire_formats.json_values import as_object, as_text

OUT_OF_ORDER = "The upstream's calls of tools are out of order."


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One call. ``untold`` are the pieces of its arguments that the client has yet to get.

    ``signature`` is Google's.
    """

    id: str
    name: str
    given_id: str
    signature: str = ""
    untold: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    is_signature_told: bool = False
    is_closed: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the arguments are a whole JSON object."""
        text = "".join([*self.told, *self.untold])
        if not text.rstrip().endswith("}"):
            return False
        try:
            return isinstance(orjson.loads(text), dict)
        except orjson.JSONDecodeError:
            return False

    def tell(self) -> str:
        """The arguments that were not told yet, which are told then."""
        text = "".join(self.untold)
        self.untold.clear()
        self.told.append(text)
        return text

    def tell_signature(self) -> dict[str, str]:
        """Its signature by its id; empty if there is none, or if it was told before."""
        if not self.signature or self.is_signature_told:
            return {}
        self.is_signature_told = True
        return {self.id: self.signature}


class CallIds:
    """Gives each call an id of its own: clients find the result of a call by its id alone.

    ``taken`` are the ids of earlier calls. Some upstreams count anew in each answer, or give none.
    """

    def __init__(self, taken: Iterable[str], *, request_id: str) -> None:
        self._taken = set(taken)
        self._request_id = request_id

    def take(self, id_: Any) -> str:
        """``id_`` if it is one and nobody has it yet, else one that is made up."""
        own = id_ if isinstance(id_, str) and id_ not in self._taken else ""
        text = f"{self._request_id}:{len(self._taken)}"
        own = own or f"toolu_{digest_of(text, 24)}"
        self._taken.add(own)
        return own


class Calls:
    """Finds the call that a piece belongs to."""

    def __init__(self, ids: CallIds) -> None:
        self._ids = ids
        self._all: list[Call] = []
        self._by_index: dict[Any, Call] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Call]:
        return iter(self._all)

    def take(self, piece: Any) -> Call:
        """The call of ``piece``, which has its arguments then. Raises ``UnreadableAnswerError``."""
        if not isinstance(piece, dict):
            raise UnreadableAnswerError(OUT_OF_ORDER)
        function = as_object(piece.get("function"))
        name, arguments = function.get("name"), arguments_text(function.get("arguments"))
        index, id_ = piece.get("index"), as_text(piece.get("id"))
        index = index if isinstance(index, int) else None
        call = self._by_index.get(index) if index is not None else self._last()
        if call is None or _begins_another(call, id_, name, arguments):
            call = self._begin(id_, name, index)
        call.signature = google_signature(piece) or call.signature
        if arguments and call.is_closed:
            if arguments.strip():
                raise UnreadableAnswerError(OUT_OF_ORDER)
            return call
        if arguments:
            call.untold.append(arguments)
        return call

    def _last(self) -> Call | None:
        return self._all[-1] if self._all else None

    def _begin(self, id_: str, name: Any, index: int | None) -> Call:
        if not isinstance(name, str) or not name:
            raise UnreadableAnswerError(OUT_OF_ORDER)
        call = Call(id=self._ids.take(id_), name=name, given_id=id_)
        self._all.append(call)
        if index is not None:
            self._by_index[index] = call
        return call


def _begins_another(call: Call, id_: str, name: Any, arguments: str) -> bool:
    """Whether a piece at the place of ``call`` belongs to the next one."""
    if id_ and call.given_id:
        return id_ != call.given_id
    if not isinstance(name, str) or not name:
        return False
    return name != call.name or (bool(arguments.strip()) and call.is_complete)
