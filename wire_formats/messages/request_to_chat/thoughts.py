"""Earlier thinking of a conversation, in the field of a chat that its upstream reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wire_formats.chat.google_signatures import sign_by_google
from wire_formats.chat.reasoning import (
    ANTHROPIC,
    FIELDS,
    PARTS,
    Thought,
    add_reasoning,
    move_reasoning,
    thinking_part,
)
from wire_formats.family import EarlierReasoning
from wire_formats.json_types import JsonObject
from wire_formats.messages.carried import MESSAGE, Carried, read_carried
from wire_formats.messages.request_to_chat.chat_traits import ChatTraits

if TYPE_CHECKING:
    from wire_formats.chat.request_types import AssistantMessage, ThinkingPart

# Some upstreams refuse a call without its reasoning, and take nothing for none at all.
BLANK = " "
# Google's word for calls that another model made, or whose signature was lost.
# https://ai.google.dev/gemini-api/docs/thought-signatures
UNSIGNED = "skip_thought_signature_validator"


@dataclass(slots=True, kw_only=True)
class EarlierThinking:
    """The thinking of one assistant's message. ``reasoning_field`` is the field that told it."""

    thoughts: list[Thought] = field(default_factory=list)
    reasoning_field: str = ""
    signatures: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "".join(thought.text for thought in self.thoughts)


def earlier_thinking(blocks: Iterable[JsonObject], *, model: str) -> EarlierThinking:
    """The thinking blocks among ``blocks``; ``model`` is the one that the client names now.

    Of another model's thoughts their text stays, without what proves or seals them.
    """
    found = EarlierThinking()
    for block in blocks:
        match block:
            case {"type": "thinking", "thinking": str(text)}:
                signature = block.get("signature")
                signature = signature if isinstance(signature, str) else ""
                carried = read_carried(signature)
                if carried is None:
                    format_ = ANTHROPIC if signature else ""
                    thoughts = [Thought(text=text, signature=signature, format=format_)]
                else:
                    thoughts = _of_carried(found, carried, text, model=model)
                found.thoughts += thoughts
            case {"type": "redacted_thinking", "data": str(data)}:
                carried = read_carried(data)
                if carried is None:
                    found.thoughts.append(Thought(sealed=data, format=ANTHROPIC))
                elif carried.model == model:
                    found.signatures |= carried.signatures
                    found.thoughts += carried.thoughts
                    found.reasoning_field = found.reasoning_field or carried.reasoning_field
    return found


def _of_carried(
    found: EarlierThinking, carried: Carried, text: str, *, model: str
) -> list[Thought]:
    if carried.model != model:
        text = text or carried.hidden_text
        return [Thought(text=text, format=ANTHROPIC)]  # as foreign as Anthropic's own
    found.reasoning_field = carried.reasoning_field
    return list(carried.with_text(text))


def add_side_fields(
    message: AssistantMessage, said: EarlierThinking, traits: ChatTraits, *, has_calls: bool
) -> None:
    """Give ``message`` the fields beside the content that give the upstream its reasoning back."""
    match traits.reasoning:
        case EarlierReasoning.CONTENT:
            text = said.text
            if not text and traits.needs_reasoning and has_calls:
                text = BLANK
            if text:
                message["reasoning_content"] = text
        case EarlierReasoning.ALL:
            add_reasoning(message, said.thoughts)
        case EarlierReasoning.AS_TOLD:
            _add_as_told(message, said)


def _add_as_told(message: AssistantMessage, said: EarlierThinking) -> None:
    if not said.reasoning_field:
        unsigned = "".join(it.text for it in said.thoughts if not (it.format or it.sealed))
        if unsigned:
            message["reasoning_content"] = unsigned
    elif said.reasoning_field != PARTS:
        add_reasoning(message, said.thoughts)
        move_reasoning(message, said.reasoning_field)


def thinking_parts(said: EarlierThinking, traits: ChatTraits) -> list[ThinkingPart]:
    """The parts of the content that do so, where they stand there."""
    is_told = (
        traits.reasoning in {EarlierReasoning.PARTS, EarlierReasoning.AS_TOLD}
        and said.reasoning_field == PARTS
    )
    if not is_told or not said.text:
        return []
    return [thinking_part(said.text)]


def sign_calls(
    message: AssistantMessage, said: EarlierThinking, traits: ChatTraits, ids: list[str]
) -> None:
    """Put Google's signatures to the ``tool_calls`` of ``message``, whose ids at the client are
    ``ids``, and to the message itself."""
    calls = message.get("tool_calls", [])
    for call, id_ in zip(calls, ids, strict=True):
        sign_by_google(call, said.signatures.get(id_, ""))
    if traits.needs_signatures and calls and "extra_content" not in calls[0]:
        sign_by_google(calls[0], UNSIGNED)
    sign_by_google(message, said.signatures.get(MESSAGE, ""))


def is_forgotten(said: EarlierThinking, traits: ChatTraits, message: AssistantMessage) -> bool:
    """Whether thoughts of the history are in no side field of ``message`` and in no part."""
    is_told = not FIELDS.isdisjoint(message) or bool(thinking_parts(said, traits))
    return bool(said.thoughts) and not is_told
