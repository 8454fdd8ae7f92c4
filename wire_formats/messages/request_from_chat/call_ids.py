"""Calls of tools and their results, as strictly paired as Anthropic wants them.

Each call has an id of its own in one alphabet, and the message after it begins with the results of
all calls. Other upstreams are not so strict: their ids hold ``:`` or ``=``, or count from 0 in each
turn, and clients leave out results of calls that were broken off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from wire_formats.messages.request_from_chat.alphabet import own_id

if TYPE_CHECKING:
    from anthropic.types import ToolResultBlockParam

    from wire_formats.messages.types import Block, Content, RequestMessage, Role

    Items = list[Block | "Result"]

# What was lost or changed.
UNANSWERED = "messages.tool_calls"
UNASKED = "messages.tool_call_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a call, which is found by ``call_id``, or by ``name`` if that is empty.

    ``mark`` is the client's ``cache_control``, None for none.
    """

    call_id: str
    name: str
    blocks: list[Content] = field(default_factory=list)
    mark: Any = None
    is_error: bool = False

    def block(self, call_id: str) -> ToolResultBlockParam:
        block: ToolResultBlockParam = {"type": "tool_result", "tool_use_id": call_id}
        if self.blocks:
            block["content"] = self.blocks
        if self.mark is not None:
            block["cache_control"] = self.mark
        if self.is_error:
            block["is_error"] = True
        return block

    def as_words(self) -> Iterator[Content]:
        """For a result that no call asked for."""
        named = self.name or self.call_id or "a tool"
        yield {"type": "text", "text": f"Result of {named[:200]}:"}
        yield from self.blocks


MISSING = Result(
    call_id="",
    name="",
    blocks=[{"type": "text", "text": "No result was given."}],
    is_error=True,
)


@dataclass(frozen=True, slots=True)
class _Waiting:
    original: str
    name: str
    call_id: str


class Pairing:
    """Writes the turns of one conversation. ``lost`` names what was lost or changed."""

    def __init__(self) -> None:
        self.lost: list[str] = []
        self._used: set[str] = set()
        self._counts: dict[str, int] = {}  # of the ids that begin alike
        self._waiting: list[_Waiting] = []

    def messages(self, turns: Iterable[tuple[Role, Items]]) -> Iterator[RequestMessage]:
        """``turns`` alternate between the roles."""
        for role, items in turns:
            if role == "assistant":
                blocks = [item for item in items if not isinstance(item, Result)]
                yield {"role": "assistant", "content": [self._asked(block) for block in blocks]}
            else:
                yield {"role": "user", "content": [*self._answered(items)]}
        if self._waiting:
            yield {"role": "user", "content": [*self._answered([])]}

    def _asked(self, block: Block) -> Block:
        if block["type"] != "tool_use":
            return block
        call_id = self._id_of(block["id"])
        self._waiting.append(_Waiting(block["id"], block["name"], call_id))
        return {**block, "id": call_id}

    def _id_of(self, original: str) -> str:
        """The same at every turn: what stands before in the conversation alone decides."""
        wanted = own_id(original)
        call_id, begin = wanted, wanted[:56]
        while call_id in self._used:
            count = self._counts[begin] = self._counts.get(begin, 1) + 1
            call_id = f"{begin}_{count}"
        self._used.add(call_id)
        return call_id

    def _answered(self, items: Items) -> Iterator[Block]:
        results = _Results(items)
        for call in self._waiting:
            result = results.take(call)
            if result is None:
                self.lost.append(UNANSWERED)
                yield MISSING.block(call.call_id)
            else:
                yield result.block(call.call_id)
        self._waiting = []
        for place, item in enumerate(items):
            if not isinstance(item, Result):
                yield item
            elif place not in results.taken:
                self.lost.append(UNASKED)
                yield from item.as_words()


class _Results:
    """The results among the items of a turn. ``taken`` are the places of those that were given."""

    def __init__(self, items: Items) -> None:
        self.taken: set[int] = set()
        self._items = items
        self._places: dict[tuple[str, str], deque[int]] = {}
        for place, item in enumerate(items):
            if isinstance(item, Result):
                key = (item.call_id, "" if item.call_id else item.name)
                self._places.setdefault(key, deque()).append(place)

    def take(self, call: _Waiting) -> Result | None:
        """The first that answers ``call`` and was not given before."""
        names = ("",) if call.original else dict.fromkeys(("", call.name))
        found = [places for name in names if (places := self._places.get((call.original, name)))]
        if not found:
            return None
        place = min(found, key=lambda places: places[0]).popleft()
        self.taken.add(place)
        return cast("Result", self._items[place])
