"""Calls of tools and their results, as strictly paired as Anthropic wants them.

Each call has an id of its own in one alphabet, and the message after it begins with the results of
all calls. Other upstreams are not so strict: their ids hold ``:`` or ``=``, or count from 0 in each
turn, and clients leave out results of calls that were broken off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from wire_formats.json_types import JsonObject
from wire_formats.messages.alphabet import own_id

# What was lost or changed.
UNANSWERED = "messages.tool_calls"
UNASKED = "messages.tool_call_id"

Turn = tuple[str, list["JsonObject | Result"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a call, which is found by ``call_id``, or by ``name`` if that is empty."""

    call_id: str
    name: str
    blocks: list[JsonObject] = field(default_factory=list)
    extras: JsonObject = field(default_factory=dict)

    def block(self, call_id: str) -> JsonObject:
        content = {"content": self.blocks} if self.blocks else {}
        return {"type": "tool_result", "tool_use_id": call_id, **content, **self.extras}

    def as_words(self) -> Iterator[JsonObject]:
        """For a result that no call asked for."""
        named = self.name or self.call_id or "a tool"
        yield {"type": "text", "text": f"Result of {named[:200]}:"}
        yield from self.blocks


MISSING = Result(
    call_id="",
    name="",
    blocks=[{"type": "text", "text": "No result was given."}],
    extras={"is_error": True},
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
        self._waiting: list[_Waiting] = []

    def messages(self, turns: Iterable[Turn]) -> Iterator[JsonObject]:
        """``turns`` alternate between the roles."""
        for role, items in turns:
            if role == "assistant":
                blocks = [item for item in items if not isinstance(item, Result)]
                yield {"role": role, "content": [self._asked(block) for block in blocks]}
            else:
                yield {"role": role, "content": [*self._answered(items)]}
        if self._waiting:
            yield {"role": "user", "content": [*self._answered([])]}

    def _asked(self, block: JsonObject) -> JsonObject:
        if block["type"] != "tool_use":
            return block
        call_id = self._id_of(block["id"])
        self._waiting.append(_Waiting(block["id"], block["name"], call_id))
        return block | {"id": call_id}

    def _id_of(self, original: str) -> str:
        """The same at every turn: what stands before in the conversation alone decides."""
        wanted = own_id(original)
        call_id, count = wanted, 1
        while call_id in self._used:
            count += 1
            call_id = f"{wanted[:56]}_{count}"
        self._used.add(call_id)
        return call_id

    def _answered(self, items: list[JsonObject | Result]) -> Iterator[JsonObject]:
        results = [item for item in items if isinstance(item, Result)]
        for call in self._waiting:
            result = next((each for each in results if _answers(each, call)), None)
            if result is None:
                self.lost.append(UNANSWERED)
                yield MISSING.block(call.call_id)
            else:
                results.remove(result)
                yield result.block(call.call_id)
        self._waiting = []
        for item in items:
            if not isinstance(item, Result):
                yield item
            elif any(item is left for left in results):
                self.lost.append(UNASKED)
                yield from item.as_words()


def _answers(result: Result, call: _Waiting) -> bool:
    if result.call_id:
        return result.call_id == call.original
    return not call.original and result.name in {"", call.name}
