"""The items of a response while they are being written: each step as events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.chat.reasoning import Thought
from wire_formats.json_types import JsonObject
from wire_formats.responses.answer_from_chat.message_parts import whole_thoughts
from wire_formats.responses.answer_from_chat.output_items import (
    BEGUN,
    DONE,
    call_item,
    flat_annotations,
    flat_logprobs,
    message_item,
    reasoning_item,
    refusal_part,
    text_part,
    with_status,
)
from wire_formats.responses.request_to_chat.tools import CUSTOM, FUNCTION, Tool
from wire_formats.responses.sealed import UNKNOWN, origin_of

Told = tuple[str, JsonObject]  # an event's type, and its fields


class OpenItem:
    """``item`` is what it is at its end, known once ``closed`` has been gone through."""

    def __init__(self, id_: str, place: int) -> None:
        self.at: JsonObject = {"item_id": id_, "output_index": place}
        self.id = id_
        self.place = place
        self.status = DONE
        self.item: JsonObject = {}

    def added(self, item: JsonObject) -> Told:
        begun = item | {"status": BEGUN}
        return "response.output_item.added", {"output_index": self.place, "item": begun}

    def closed(self) -> Iterator[Told]:
        """The last events, after which the item is complete."""
        self.item = with_status(self.item, self.status)
        yield "response.output_item.done", {"output_index": self.place, "item": self.item}


class OpenReasoning(OpenItem):
    """One piece of reasoning, as a summary or in full.

    ``is_plain``: its text came by itself, so the text within ``details`` repeats it.
    """

    def __init__(self, id_: str, place: int, *, is_summary: bool, is_plain: bool) -> None:
        super().__init__(id_, place)
        self.is_plain = is_plain
        self.has_details = False
        self._origin = UNKNOWN
        self._is_summary = is_summary
        self._pieces: list[str] = []
        self._details: list[Any] = []
        self._blocks: list[Any] = []
        self._part, self._text, place_name = (
            ("response.reasoning_summary_part", "response.reasoning_summary_text", "summary_index")
            if is_summary
            else ("response.content_part", "response.reasoning_text", "content_index")
        )
        self._kind = "summary_text" if is_summary else "reasoning_text"
        self._here = self.at | {place_name: 0}

    def begun(self) -> Told:
        return self.added({"id": self.id, "type": "reasoning", "summary": []})

    def text(self, text: str, *, is_plain: bool) -> Iterator[Told]:
        """More of it; ``is_plain``: from a field of its own."""
        if self.is_plain and not is_plain:
            return
        self.is_plain = is_plain
        if not self._pieces:
            yield f"{self._part}.added", self._here | {"part": {"type": self._kind, "text": ""}}
        self._pieces.append(text)
        yield f"{self._text}.delta", self._here | {"delta": text}

    def keep(self, delta: JsonObject, body: JsonObject) -> None:
        """Note for the item's end what only the provider understands, and who told it.

        ``body`` is the request's.
        """
        if self._origin is UNKNOWN:
            self._origin = origin_of(delta, body)
        details, blocks = delta.get("reasoning_details"), delta.get("thinking_blocks")
        if isinstance(details, list):
            self._details += details
        for block in blocks if isinstance(blocks, list) else ():
            if not (self._blocks and _continue(self._blocks[-1], block)):
                self._blocks.append(block)
            else:
                text = self._blocks[-1]["thinking"] + block["thinking"]
                self._blocks[-1] = self._blocks[-1] | block | {"thinking": text}
        self.has_details = self.has_details or bool(details or blocks)

    def thoughts(self) -> list[Thought]:
        """All that was thought."""
        message: JsonObject = {"reasoning_content": "".join(self._pieces)}
        message |= {"reasoning_details": self._details, "thinking_blocks": self._blocks}
        return whole_thoughts(message)

    def closed(self) -> Iterator[Told]:
        text = "".join(self._pieces)
        if self._pieces:
            yield f"{self._text}.done", self._here | {"text": text}
            yield f"{self._part}.done", self._here | {"part": {"type": self._kind, "text": text}}
        self.item = reasoning_item(
            self.id,
            self.thoughts(),
            text=text,
            is_summary=self._is_summary,
            origin=self._origin,
        )
        yield from super().closed()


class OpenMessage(OpenItem):
    """Texts and refusals, each a part; a part is open until one of the other kind comes."""

    def __init__(self, id_: str, place: int) -> None:
        super().__init__(id_, place)
        self._content: list[JsonObject] = []
        self._here = self.at
        self._kind = ""
        self._pieces: list[str] = []
        self._logprobs: list[JsonObject] = []
        self._notes: list[JsonObject] = []

    def begun(self) -> Told:
        return self.added(message_item(self.id, []))

    def text(self, text: str, logprobs: Any = None) -> Iterator[Told]:
        if self._kind != "output_text":
            yield from self._open("output_text", text_part(""))
        told = list(flat_logprobs(logprobs)) if logprobs else []
        self._logprobs += told
        self._pieces.append(text)
        yield "response.output_text.delta", self._here | {"delta": text, "logprobs": told}

    def refusal(self, text: str) -> Iterator[Told]:
        if self._kind != "refusal":
            yield from self._open("refusal", refusal_part(""))
        self._pieces.append(text)
        yield "response.refusal.delta", self._here | {"delta": text}

    def annotations(self, notes: Any) -> Iterator[Told]:
        """Citations, if a text is open that they could be of."""
        for note in flat_annotations(notes) if self._kind == "output_text" else ():
            place = {"annotation_index": len(self._notes), "annotation": note}
            self._notes.append(note)
            yield "response.output_text.annotation.added", self._here | place

    def closed(self) -> Iterator[Told]:
        yield from self._close()
        self.item = message_item(self.id, self._content)
        yield from super().closed()

    def _open(self, kind: str, part: JsonObject) -> Iterator[Told]:
        yield from self._close()
        self._kind = kind
        self._here = self.at | {"content_index": len(self._content)}
        yield "response.content_part.added", self._here | {"part": part}

    def _close(self) -> Iterator[Told]:
        if not self._kind:
            return
        text = "".join(self._pieces)
        if self._kind == "refusal":
            part = refusal_part(text)
            yield "response.refusal.done", self._here | {"refusal": text}
        else:
            part = text_part(text) | {"annotations": self._notes, "logprobs": self._logprobs}
            yield (
                "response.output_text.done",
                self._here | {"text": text, "logprobs": self._logprobs},
            )
        yield "response.content_part.done", self._here | {"part": part}
        self._content.append(part)
        self._kind, self._pieces, self._notes, self._logprobs = "", [], [], []


class OpenCall(OpenItem):
    """A call of ``tool``. Its arguments are told as they come if it is a function's."""

    def __init__(self, id_: str, place: int, tool: Tool, call_id: str) -> None:
        super().__init__(id_, place)
        self._tool = tool
        self._call_id = call_id

    def begun(self) -> Told:
        return self.added(call_item(self.id, self._tool, self._call_id, ""))

    def arguments(self, text: str) -> Iterator[Told]:
        if text and self._tool.kind == FUNCTION:
            yield "response.function_call_arguments.delta", self.at | {"delta": text}

    def ended(self, arguments: str) -> Iterator[Told]:
        """The last events of a call with these ``arguments``."""
        self.item = item = call_item(self.id, self._tool, self._call_id, arguments or "{}")
        if self._tool.kind == FUNCTION:
            if not arguments:
                yield from self.arguments("{}")
            told = {"name": item["name"], "arguments": item["arguments"]}
            yield "response.function_call_arguments.done", self.at | told
        elif self._tool.kind == CUSTOM:
            yield "response.custom_tool_call_input.delta", self.at | {"delta": item["input"]}
            yield "response.custom_tool_call_input.done", self.at | {"input": item["input"]}
        else:
            yield self.added(item)
        yield from self.closed()


def has_summary(details: Any) -> bool:
    """Whether some of ``details`` are summaries, and not the reasoning itself."""
    return isinstance(details, list) and any(
        isinstance(each, dict) and each.get("type") == "reasoning.summary" for each in details
    )


def _continue(last: Any, block: Any) -> bool:
    """Whether ``block`` goes on with the thought in ``last``, which is not signed yet."""
    match last, block:
        case {"type": "thinking", "thinking": str()}, {"type": "thinking", "thinking": str()}:
            return not last.get("signature")
        case _:
            return False
