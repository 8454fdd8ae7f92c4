"""A model's reasoning in the messages of a chat, in every field that is in use.

OpenAI's chat completions have no place for it. These side fields of an assistant's message (and of
a stream's ``delta``) carry it, in requests and in answers:

``reasoning_content``   text alone: DeepSeek, Kimi, Qwen, vLLM before 0.12
``reasoning``           text alone: OpenRouter, vLLM, Ollama, Groq
``reasoning_details``   text, summaries, signatures, sealed reasoning: OpenRouter
``thinking_blocks``     Anthropic's own blocks: LiteLLM
``content``             an array with parts of the type ``thinking``: Mistral's Magistral

https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
https://docs.litellm.ai/docs/reasoning_content
https://docs.mistral.ai/capabilities/reasoning
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wire_formats.chat.types import ReasoningDetail, ReasoningFields, ThinkingBlock
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_text

if TYPE_CHECKING:
    from wire_formats.chat.request_types import AssistantMessage, TextPart, ThinkingPart

# OpenRouter's names of who signed or sealed a piece, and so of who can be given it back.
ANTHROPIC = "anthropic-claude-v1"
OPENAI = "openai-responses-v1"
GOOGLE = "google-gemini-v1"
TEXT_FIELDS = ("reasoning_content", "reasoning")
LISTS = ("reasoning_details", "thinking_blocks")
FIELDS = frozenset({*TEXT_FIELDS, *LISTS})
SHORTEST_REPEATED = 8  # characters: ids may have the same letter twice
PARTS = "content"  # where reasoning comes as parts of it
TEXT_PLACES = (*TEXT_FIELDS, PARTS)  # the fields that may tell its text


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """One piece of reasoning.

    ``text`` is what people may read, a summary where ``is_summary``. ``signature`` proves to the
    provider that the text is its own. ``sealed`` is what only the provider can read. ``id`` is that
    of an item of the Responses API. ``format`` is one of the names above; empty where unknown.
    """

    text: str = ""
    is_summary: bool = False
    signature: str = ""
    sealed: str = ""
    id: str = ""
    format: str = ""


def thoughts_of(message: JsonObject) -> list[Thought]:
    """The reasoning of an assistant's message, from the field that tells most of it."""
    for read, name in ((_of_details, "reasoning_details"), (_of_blocks, "thinking_blocks")):
        value = message.get(name)
        if isinstance(value, list) and (found := list(read(value))):
            return found
    text = reasoning_text(message)
    return [Thought(text=text)] if text else []


def reasoning_text(message: JsonObject) -> str:
    """The reasoning of a message or a ``delta`` as plain text; empty where it has none."""
    for name in TEXT_FIELDS:
        if isinstance(value := message.get(name), str) and value:
            return value
    content = message.get("content")
    if isinstance(content, list):
        return "".join(_texts_of_parts(content))
    details = message.get("reasoning_details")
    return "".join(each.text for each in _of_details(details)) if isinstance(details, list) else ""


def reasoning_field_of(said: JsonObject) -> str:
    """The field of a message, or of a delta, that tells its reasoning; empty if it tells none."""
    for name in TEXT_FIELDS:
        if isinstance(said.get(name), str) and said[name]:
            return name
    if isinstance(said.get(PARTS), list):
        return PARTS if reasoning_text(said) else ""
    return "reasoning" if any(isinstance(said.get(name), list) for name in LISTS) else ""


def move_reasoning(message: AssistantMessage, reasoning_field: str) -> None:
    """Put the reasoning of ``message``, whose content is a text, where its model told it."""
    if reasoning_field not in {"reasoning", PARTS}:
        return
    text = message.pop("reasoning_content", "")
    if text and reasoning_field == PARTS:
        parts: list[TextPart | ThinkingPart] = [thinking_part(text)]
        if isinstance(said := message["content"], str) and said:
            parts.append({"type": "text", "text": said})
        message["content"] = parts
    elif text:
        message["reasoning"] = text


def thinking_part(text: str) -> ThinkingPart:
    """Reasoning as a part of a message's content."""
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def spoken_text(content: Any) -> str:
    """What an answer's ``content`` says aloud: a string, or the texts of its parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part for part in content if isinstance(part, dict) and part.get("type") == "text")
    return "".join(part["text"] for part in parts if isinstance(part.get("text"), str))


def reasoning_fields(thoughts: Iterable[Thought]) -> ReasoningFields:
    """The side fields that hold ``thoughts``; empty for none."""
    fields: ReasoningFields = {}
    add_reasoning(fields, thoughts)
    return fields


def add_reasoning(fields: ReasoningFields, thoughts: Iterable[Thought]) -> None:
    """Put ``thoughts`` into the side ``fields`` of a message."""
    kept = list(thoughts)
    if text := "".join(each.text for each in kept):
        fields["reasoning_content"] = text
    if any(each.signature or each.sealed or each.id for each in kept):
        details = (detail for each in kept for detail in details_of(each))
        # Clients put the pieces of a stream together by their index: no two are to share one.
        fields["reasoning_details"] = [
            {**detail, "index": index} for index, detail in enumerate(details)
        ]
    if blocks := [_block(each) for each in kept if each.format == ANTHROPIC]:
        fields["thinking_blocks"] = blocks


def _texts_of_parts(parts: list[Any]) -> Iterator[str]:
    for part in parts:
        match part:
            case {"type": "thinking", "thinking": str(text)}:
                yield text
            case {"type": "thinking", "thinking": list(pieces)}:
                yield spoken_text(pieces)


def _of_blocks(blocks: list[Any]) -> Iterator[Thought]:
    for block in blocks:
        match block:
            case {"type": "thinking", "thinking": str(text)}:
                signature = as_text(block.get("signature"))
                yield Thought(text=text, signature=signature, format=ANTHROPIC)
            case {"type": "redacted_thinking", "data": str(data)}:
                yield Thought(sealed=data, format=ANTHROPIC)


def _of_details(details: list[Any]) -> Iterator[Thought]:
    """Pieces that a stream told one by one, and pieces of one ``id``, become one thought."""
    last: Thought | None = None
    last_index: Any = None
    texts: list[str] = []  # of the last one, joined once it is complete
    for detail in details:
        thought = _of_detail(detail)
        if thought is None:
            continue
        index = detail.get("index")
        if last is not None and _continues(last, thought, is_same_place=index == last_index):
            last = _joined(last, thought)
        else:
            if last is not None:
                yield replace(last, text="".join(texts))
            last, texts = replace(thought, text=""), []
        texts.append(thought.text)
        last_index = index
    if last is not None:
        yield replace(last, text="".join(texts))


def once(text: str) -> str:
    """``text`` as it was before a client that joins all strings of a stream has repeated it."""
    period = (text + text).find(text, 1) if len(text) >= 2 * SHORTEST_REPEATED else len(text)
    return text[:period] if period >= SHORTEST_REPEATED else text


def _of_detail(detail: Any) -> Thought | None:
    if not isinstance(detail, dict):
        return None
    id_, format_ = once(as_text(detail.get("id"))), once(as_text(detail.get("format")))
    match detail.get("type"):
        case "reasoning.text":
            text, signature = as_text(detail.get("text")), as_text(detail.get("signature"))
            return Thought(text=text, signature=signature, id=id_, format=format_)
        case "reasoning.summary":
            text = as_text(detail.get("summary"))
            return Thought(text=text, is_summary=True, id=id_, format=format_)
        case "reasoning.encrypted":
            return Thought(sealed=as_text(detail.get("data")), id=id_, format=format_)
        case _:
            return None


def _continues(last: Thought, thought: Thought, *, is_same_place: bool) -> bool:
    if last.format != thought.format or last.signature:
        return False
    if last.id or thought.id:
        return last.id == thought.id and not (last.sealed and thought.sealed)
    return is_same_place and not (last.sealed or thought.sealed)


def _joined(last: Thought, thought: Thought) -> Thought:
    """Both as one, but for their texts."""
    return replace(
        last,
        is_summary=last.is_summary or thought.is_summary,
        signature=thought.signature,
        sealed=last.sealed or thought.sealed,
    )


def details_of(thought: Thought) -> Iterator[ReasoningDetail]:
    """The entries of ``reasoning_details`` for ``thought``, without their indices."""
    id_, form = thought.id or None, thought.format or "unknown"
    text, sealed = thought.text, thought.sealed
    if thought.is_summary and text:
        yield {"type": "reasoning.summary", "summary": text, "id": id_, "format": form}
    elif text or thought.signature:
        signature = thought.signature or None
        yield {
            "type": "reasoning.text",
            "text": text,
            "signature": signature,
            "id": id_,
            "format": form,
        }
    if sealed or not (text or thought.signature):
        yield {"type": "reasoning.encrypted", "data": sealed, "id": id_, "format": form}


def _block(thought: Thought) -> ThinkingBlock:
    if thought.sealed:
        return {"type": "redacted_thinking", "data": thought.sealed}
    return {"type": "thinking", "thinking": thought.text, "signature": thought.signature}
