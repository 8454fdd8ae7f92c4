"""One message of a chat as Anthropic's blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from wire_formats.chat.reading import RESULT_ROLES, TEXT_PARTS, parts_of
from wire_formats.chat.reasoning import ANTHROPIC, FIELDS, Thought, thoughts_of
from wire_formats.chat.thought_order import Position, in_order, positions_in
from wire_formats.errors import UnsendableError
from wire_formats.json_cost import Budget
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_text
from wire_formats.messages.request_from_chat.blocks import block_of, text_block
from wire_formats.messages.request_from_chat.cache_marks import mark_of
from wire_formats.messages.request_from_chat.call_ids import Result
from wire_formats.messages.request_from_chat.calls import calls_of
from wire_formats.messages.types import THOUGHTS

if TYPE_CHECKING:
    from anthropic.types import TextBlockParam

    from wire_formats.messages.types import Block, Content, Role, Thinking

B = TypeVar("B")


@dataclass(slots=True)
class MessageReader:
    """One message. If ``is_past`` it can lack a part: it was answered already, or is no request."""

    message: JsonObject
    place: str
    lost: list[str]
    is_past: bool
    keeps_all_thoughts: bool
    budget: Budget

    def turn(self) -> tuple[Role, list[Block | Result]]:
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

    def words(self) -> list[TextBlockParam]:
        """A system message, which can hold text alone."""
        blocks = list(self._blocks())
        texts = [block for block in blocks if block["type"] == "text"]
        if len(texts) < len(blocks):
            self.lost.append("messages.content")
        return self._marked(texts)

    def _blocks(self) -> Iterator[Content]:
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

    def _marked(self, blocks: list[B]) -> list[B]:
        """A mark of the whole message is one of its last block."""
        mark = mark_of(self.message)
        if mark and blocks:
            last: Any = blocks[-1]
            last.setdefault("cache_control", mark)
        return blocks

    def _assistant(self) -> list[Block]:
        words, calls = list(self._said()), list(calls_of(self.message, self.lost, self.budget))
        if not words and not calls:
            return []
        thoughts = list(self._thoughts())
        content = self._one_text()
        if content is None or not any(any(place) for place, _ in thoughts):
            return [*(block for _, block in thoughts), *words, *calls]
        blocks: list[Block] = [*in_order(thoughts, content, calls)]
        while blocks[-1]["type"] in THOUGHTS:  # as no message may end
            blocks.pop()
        return blocks

    def _one_text(self) -> str | None:
        """The content if it is one text; None for several parts."""
        match self.message.get("content"):
            case None | []:
                return ""
            case str(text) | [{"type": "text", "text": str(text)}]:
                return text
        return None

    def _thoughts(self) -> Iterator[tuple[Position, Thinking]]:
        """Those that Anthropic signed, with their places; it refuses all others."""
        thoughts = thoughts_of(self.message)
        places = positions_in(self.message, len(thoughts))
        for place, thought in zip(places, thoughts, strict=True):
            if thought.format == ANTHROPIC and thought.sealed:
                yield place, {"type": "redacted_thinking", "data": thought.sealed}
            elif self._is_kept(thought):
                text, signature = thought.text, thought.signature
                yield place, {"type": "thinking", "thinking": text, "signature": signature}
            else:
                self.lost += [f"messages.{name}" for name in FIELDS if self.message.get(name)]

    def _is_kept(self, thought: Thought) -> bool:
        if self.keeps_all_thoughts:
            return bool(thought.text)
        return thought.format == ANTHROPIC and bool(thought.signature)

    def _said(self) -> Iterator[Content]:
        for part in parts_of(self.message):
            kind = as_text(part.get("type"))
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
        mark = mark_of(self.message) or next((each for each in reversed(marks) if each), None)
        return Result(
            call_id=id_ if isinstance(id_, str) else "",
            name=name if isinstance(name, str) else "",
            blocks=blocks,
            mark=mark,
            is_error=self.message.get("is_error") is True,
        )

    def _result_blocks(self) -> Iterator[Content]:
        """A tool may say anything; what is no part is given as JSON."""
        content = self.message.get("content")
        if content is None or isinstance(content, str | list):
            try:
                yield from list(self._blocks())
            except UnsendableError:
                yield {"type": "text", "text": write_json(content).decode()}
        else:
            yield {"type": "text", "text": write_json(content).decode()}
