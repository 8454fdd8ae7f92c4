"""What a chat's upstream wants back, carried through a client of the Messages API.

Clients return thinking blocks unread: the ``signature`` of one, and the ``data`` of a redacted one.
So these carry what a message has no field for: in which field of a chat the reasoning came, who
signed it, and Google's signatures of calls. Their form is ``gatehouse.v1.`` and base64.

A client can write one of its own. Only texts come out of it, each for one known field, so that it
says no more than the same client could say in a chat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from wire_formats.carried_json import is_marked, marked, value_of
from wire_formats.chat.reasoning import TEXT_PLACES, Thought
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list

MARK = "gatehouse.v1."
MESSAGE = ""  # stands for the message itself where the ids of calls stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """``thoughts`` have their texts only once they are read beside the block's own text.

    ``reasoning_field`` is the field that told the reasoning. ``model`` is the one that the client
    named.
    ``signatures`` are Google's by the ids of their calls; that of the message itself by ``""``.
    ``texts`` are those of the thoughts of a block that shows none.
    """

    reasoning_field: str = ""
    model: str = ""
    thoughts: tuple[Thought, ...] = ()
    lengths: tuple[int, ...] = ()
    signatures: dict[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()

    @property
    def hidden_text(self) -> str:
        """What the block does not show; empty where it shows all."""
        return "".join(self.texts)

    def with_text(self, text: str) -> tuple[Thought, ...]:
        """The thoughts of a block with ``text``, which is cut where they met."""
        if not text and self.texts:
            pairs = zip(self.thoughts, self.texts, strict=True)
            return tuple(replace(thought, text=hidden) for thought, hidden in pairs)
        if sum(self.lengths) != len(text):
            return (Thought(text=text),)
        cut, start = [], 0
        for thought, length in zip(self.thoughts, self.lengths, strict=True):
            cut.append(replace(thought, text=text[start : start + length]))
            start += length
        return tuple(cut) or (Thought(text=text),)


def is_carried(text: Any) -> bool:
    """Whether ``text``, a signature or the data of a redacted block, is one of these."""
    return is_marked(text, MARK)


def carried_thoughts(
    thoughts: Iterable[Thought], *, reasoning_field: str, model: str, is_hidden: bool = False
) -> str:
    """``thoughts`` as a signature, with their texts only where their block ``is_hidden``."""
    thoughts = list(thoughts)
    texts = {"x": [it.text for it in thoughts]} if is_hidden else {}
    told = [
        [
            len(it.text),
            it.signature,
            it.sealed,
            it.id if it.sealed else "",
            it.format,
            it.is_summary,
        ]
        for it in thoughts
    ]
    return marked({"s": reasoning_field, "m": model, "t": told, **texts}, MARK)


def carried_signatures(signatures: dict[str, str], *, model: str) -> str:
    """Google's signatures of calls by the ids of these, as the data of a redacted block."""
    return marked({"m": model, "g": signatures}, MARK)


def read_carried(text: Any) -> Carried | None:
    """What ``text`` carries; None if it is not of ours, or was damaged."""
    value = value_of(text, MARK)
    return _read(value) if isinstance(value, dict) else None


def without_carried(body: JsonObject) -> JsonObject:
    """``body`` without the thinking that came from chats, which Anthropic takes for forged.

    The same object where there is none.
    """
    messages: Any = body["messages"]
    if not any(map(_has_carried, messages)):
        return body
    kept = [_without(message) if _has_carried(message) else message for message in messages]
    return body | {"messages": [message for message in kept if message is not None]}


def _read(value: JsonObject) -> Carried:
    told = value.get("t")
    entries = [entry for entry in map(_thought, told if isinstance(told, list) else ()) if entry]
    reasoning_field, model, signed = value.get("s"), value.get("m"), value.get("g")
    texts = as_list(value.get("x"))
    is_sound = len(texts) == len(entries) and all(isinstance(text, str) for text in texts)
    return Carried(
        reasoning_field=reasoning_field if reasoning_field in TEXT_PLACES else "",
        model=model if isinstance(model, str) else "",
        thoughts=tuple(thought for thought, _ in entries),
        lengths=tuple(length for _, length in entries),
        signatures=_texts(signed) if isinstance(signed, dict) else {},
        texts=tuple(texts) if is_sound else (),
    )


def _thought(entry: Any) -> tuple[Thought, int] | None:
    match entry:
        case [int(length), str(signature), str(sealed), str(id_), str(format_), bool(is_summary)]:
            thought = Thought(
                signature=signature,
                sealed=sealed,
                id=id_ if sealed else "",  # alone it would name what the upstream keeps
                format=format_,
                is_summary=is_summary,
            )
            return thought, max(length, 0)
        case _:
            return None


def _texts(signed: JsonObject) -> dict[str, str]:
    return {id_: text for id_, text in signed.items() if isinstance(text, str) and text}


def _has_carried(message: Any) -> bool:
    match message:
        case {"role": "assistant", "content": list(blocks)}:
            return any(map(_is_carrying, blocks))
        case _:
            return False


def _is_carrying(block: Any) -> bool:
    match block:
        case {"type": "thinking", "signature": text} | {"type": "redacted_thinking", "data": text}:
            return is_carried(text)
        case _:
            return False


def _without(message: JsonObject) -> JsonObject | None:
    blocks = [block for block in message["content"] if not _is_carrying(block)]
    return message | {"content": blocks} if blocks else None
