"""The messages of a chat as Anthropic's ``system`` and ``messages``.

A conversation goes on whatever stands in its past: what cannot be expressed there becomes text, or
is left out and named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wire_formats.chat.reading import SYSTEM_ROLES, messages_of, parts_of
from wire_formats.chat.reasoning import ANTHROPIC, FIELDS, Thought, thoughts_of
from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonObject
from wire_formats.messages.blocks_from_chat import TEXT_PARTS, block_of, text_block
from wire_formats.messages.call_ids import Pairing, Result, Turn
from wire_formats.messages.calls_from_chat import calls_of

RESULT_ROLES = frozenset({"tool", "function"})
EXPRESSED = frozenset(
    {
        "role",
        "content",
        "tool_calls",
        "tool_call_id",
        "function_call",
        "refusal",
        "cache_control",
        "is_error",
        *FIELDS,
    }
)
# Anthropic begins with the user's words, and most of its models end with them.
GO_ON: JsonObject = {"type": "text", "text": "Continue."}
THOUGHTS = frozenset({"thinking", "redacted_thinking"})


@dataclass(slots=True)
class History:
    """``lost`` names what was left out or changed."""

    system: list[JsonObject] = field(default_factory=list)
    messages: list[JsonObject] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def is_prefilled(self) -> bool:
        """Whether the answer has to go on from the assistant's own words."""
        return bool(self.messages) and self.messages[-1]["role"] == "assistant"

    @property
    def calls_without_thought(self) -> bool:
        """Whether the answer goes on from calls whose thoughts are missing."""
        last = next((each for each in reversed(self.messages) if each["role"] == "assistant"), None)
        if last is None or not _results_in(self.messages[-1]):
            return False
        return bool(last["content"][0]["type"] not in THOUGHTS)

    @property
    def called(self) -> list[str]:
        """The names of the functions that were called, each once."""
        blocks = (block for message in self.messages for block in message["content"])
        return list(dict.fromkeys(each["name"] for each in blocks if each["type"] == "tool_use"))


def history_of(body: JsonObject, *, keeps_all_thoughts: bool = False) -> History:
    """The conversation of a chat's ``body``. Raises :class:`UnsendableError`.

    ``keeps_all_thoughts``: the model demands them back, and looks at no signature.
    """
    history = History()
    messages = list(messages_of(body))
    roles = [message["role"] for message in messages]
    begin = len(roles) - roles[::-1].index("assistant") if "assistant" in roles else 0
    turns: list[Turn] = []
    for index, message in enumerate(messages):
        is_past = index < begin or message["role"] in RESULT_ROLES
        reader = _Reader(
            message,
            f"messages.{index}",
            history.lost,
            is_past=is_past,
            keeps_all_thoughts=keeps_all_thoughts,
        )
        if message["role"] in SYSTEM_ROLES:
            history.system += reader.words()
            continue
        _add(turns, *reader.turn())
        _name_others(message, history.lost)
    if (turns and turns[0][0] == "assistant") or (not turns and history.system):
        turns.insert(0, ("user", [GO_ON]))
    pairing = Pairing()
    history.messages = list(pairing.messages(turns))
    history.lost += pairing.lost
    return history


def _add(turns: list[Turn], role: str, items: list[JsonObject | Result]) -> None:
    """Neighbours of one role go into one message: results of tools must stand together."""
    if not items:
        return
    if turns and turns[-1][0] == role:
        turns[-1][1].extend(items)
    else:
        turns.append((role, items))


def _name_others(message: JsonObject, lost: list[str]) -> None:
    lost += [
        f"messages.{name}"
        for name, value in message.items()
        if name not in EXPRESSED
        and value not in (None, "", [], {})
        and not (name == "name" and message["role"] in RESULT_ROLES)
    ]


def _results_in(message: JsonObject) -> bool:
    return any(block["type"] == "tool_result" for block in message["content"])


@dataclass(slots=True)
class _Reader:
    """One message. If ``is_past`` it can lack a part: it was answered already, or is no request."""

    message: JsonObject
    place: str
    lost: list[str]
    is_past: bool
    keeps_all_thoughts: bool

    def turn(self) -> tuple[str, list[JsonObject | Result]]:
        match self.message["role"]:
            case "user":
                return "user", [*self._marked(list(self._blocks()))]
            case "assistant":
                return "assistant", [*self._marked(self._assistant())]
            case role if role in RESULT_ROLES:
                return "user", [self._result()]
        raise UnsendableError(
            f"The upstream accepts no messages of the role `{self.message['role'][:50]}`.",
            param=f"{self.place}.role",
        )

    def words(self) -> list[JsonObject]:
        """A system message, which can hold text alone."""
        blocks = list(self._blocks())
        if any(block["type"] != "text" for block in blocks):
            self.lost.append("messages.content")
        return self._marked([block for block in blocks if block["type"] == "text"])

    def _blocks(self) -> Iterator[JsonObject]:
        for index, part in enumerate(parts_of(self.message)):
            place = f"{self.place}.content.{index}"
            try:
                block = block_of(part, place)
            except UnsendableError:
                if not self.is_past:
                    raise
                self.lost.append("messages.content")
                continue
            if block is not None:
                yield block

    def _marked(self, blocks: list[JsonObject]) -> list[JsonObject]:
        """A mark of the whole message is one of its last block."""
        mark = self.message.get("cache_control")
        if isinstance(mark, dict) and blocks and "cache_control" not in blocks[-1]:
            blocks[-1] = blocks[-1] | {"cache_control": mark}
        return blocks

    def _assistant(self) -> list[JsonObject]:
        said = [*self._said(), *calls_of(self.message, self.lost)]
        return [*self._thoughts(), *said] if said else []

    def _thoughts(self) -> Iterator[JsonObject]:
        """Those that Anthropic signed; it refuses all others."""
        for thought in thoughts_of(self.message):
            if thought.format == ANTHROPIC and thought.sealed:
                yield {"type": "redacted_thinking", "data": thought.sealed}
            elif self._is_kept(thought):
                yield {
                    "type": "thinking",
                    "thinking": thought.text,
                    "signature": thought.signature,
                }
            else:
                self.lost += [f"messages.{name}" for name in FIELDS if self.message.get(name)]

    def _is_kept(self, thought: Thought) -> bool:
        if self.keeps_all_thoughts:
            return bool(thought.text)
        return thought.format == ANTHROPIC and bool(thought.signature)

    def _said(self) -> Iterator[JsonObject]:
        for part in parts_of(self.message):
            kind = part.get("type")
            if kind in TEXT_PARTS:
                if block := block_of(part, self.place):
                    yield block
            elif kind not in THOUGHTS:
                self.lost.append("messages.content")
        refusal = self.message.get("refusal")
        if isinstance(refusal, str) and (block := text_block(refusal)):
            yield block

    def _result(self) -> Result:
        id_, name = self.message.get("tool_call_id"), self.message.get("name")
        blocks = list(self._result_blocks())
        marks = [block.pop("cache_control", None) for block in blocks]
        mark = self.message.get("cache_control") or next((m for m in reversed(marks) if m), None)
        extras: JsonObject = {"cache_control": mark} if isinstance(mark, dict) else {}
        if self.message.get("is_error") is True:
            extras["is_error"] = True
        return Result(
            call_id=id_ if isinstance(id_, str) else "",
            name=name if isinstance(name, str) else "",
            blocks=blocks,
            extras=extras,
        )

    def _result_blocks(self) -> Iterator[JsonObject]:
        """A tool may say anything; what is no part is given as JSON."""
        content = self.message.get("content")
        if content is None or isinstance(content, str | list):
            try:
                yield from [dict(block) for block in self._blocks()]
            except UnsendableError:
                yield {"type": "text", "text": write_json(content).decode()}
        else:
            yield {"type": "text", "text": write_json(content).decode()}
