"""From a chat completion to a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from wire_formats.chat.calls import arguments_text
from wire_formats.chat.google_signatures import google_signature
from wire_formats.chat.reasoning import spoken_text
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_numbers import read_json
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list
from wire_formats.messages.answer_from_chat.call_pieces import CallIds
from wire_formats.messages.answer_from_chat.thoughts import thinking_blocks
from wire_formats.messages.carried import MESSAGE, carried_signatures
from wire_formats.messages.types import Message, MessageDelta, TextBlock, ToolUseBlock
from wire_formats.stop_reasons import to_messages
from wire_formats.token_counts import MessagesUsage, Tokens, messages_usage

CUT = "length"  # the reason to finish of an answer that met its limit
MATCHES = ("stop_reason", "matched_stop")  # of vLLM, of SGLang


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an answer has to be read with. ``model`` is the one that the client named.

    ``aliases`` are the names of tools that had to be changed, by what they became. ``ids`` are
    those of earlier calls. ``estimate`` is that of the input in tokens, for as long as the upstream
    says nothing of it. ``hides_thoughts``: the client wants their signatures alone.
    """

    request_id: str
    model: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()
    stop_sequences: tuple[str, ...] = ()
    estimate: int | None = None
    hides_thoughts: bool = False

    def name(self, name: str) -> str:
        """A tool's name as the client gave it."""
        return self.aliases.get(name, name)

    def usage(self, tokens: Tokens) -> MessagesUsage:
        """``tokens`` as the usage of a message."""
        usage = messages_usage(tokens)
        if tokens.prompt is None and self.estimate is not None:
            usage["input_tokens"] = self.estimate
        if tokens.reasoning is not None:
            usage["output_tokens_details"] = {"thinking_tokens": tokens.reasoning}
        return usage


def message_id(request_id: str) -> str:
    """The id of the message that answers a request."""
    return f"msg_{request_id.removeprefix('req_')}"


def message_of(answer: JsonObject, asked: Asked, tokens: Tokens) -> Message:
    """A whole chat completion as a message. Raises ``UnreadableAnswerError``."""
    choice = _choice_of(answer)
    said = choice["message"]
    is_cut = choice.get("finish_reason") == CUT
    calls = list(_calls(said, asked, is_cut=is_cut))
    stop = stopped(choice, asked, has_calls=bool(calls), is_refused=bool(said.get("refusal")))
    message = empty_message(asked)
    message["content"] = [
        *thinking_blocks(said, model=asked.model, is_hidden=asked.hides_thoughts),
        *_texts(said),
        *_signatures(said, calls, asked),
        *calls,
    ]
    message["stop_reason"] = stop["stop_reason"]
    message["stop_sequence"] = stop["stop_sequence"]
    message["usage"] = asked.usage(tokens)
    return message


def empty_message(asked: Asked) -> Message:
    """A message of which nothing is said yet, as a stream begins with it."""
    return {
        "id": message_id(asked.request_id),
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": asked.usage(Tokens()),
    }


def stopped(choice: JsonObject, asked: Asked, *, has_calls: bool, is_refused: bool) -> MessageDelta:
    """Why the model stopped, and at which of the client's sequences, where the upstream says so."""
    reason = to_messages(choice.get("finish_reason"), has_calls=has_calls, is_refused=is_refused)
    if reason == "end_turn":
        for name in MATCHES:
            if isinstance(choice.get(name), str) and choice[name] in asked.stop_sequences:
                return {"stop_reason": "stop_sequence", "stop_sequence": choice[name]}
    return {"stop_reason": reason, "stop_sequence": None}


def _choice_of(answer: JsonObject) -> JsonObject:
    """The first choice that says something; a message has room for one."""
    for choice in as_list(answer.get("choices")):
        if isinstance(choice, dict) and isinstance(choice.get("message"), dict):
            return choice
    raise UnreadableAnswerError("The upstream's answer is not a chat completion.")


def _texts(said: JsonObject) -> Iterator[TextBlock]:
    for text in (spoken_text(said.get("content")), said.get("refusal")):
        if isinstance(text, str) and text:
            yield {"type": "text", "text": text}


def _signatures(said: JsonObject, calls: list[ToolUseBlock], asked: Asked) -> Iterator[JsonObject]:
    """Google's signatures, which the client is to bring back, in one block."""
    signed = {MESSAGE: google_signature(said)}
    for call, block in zip(as_list(said.get("tool_calls")), calls, strict=True):
        signed[block["id"]] = google_signature(call)
    if kept := {id_: signature for id_, signature in signed.items() if signature}:
        yield {"type": "redacted_thinking", "data": carried_signatures(kept, model=asked.model)}


def _calls(said: JsonObject, asked: Asked, *, is_cut: bool) -> Iterator[ToolUseBlock]:
    ids = CallIds(asked.ids, request_id=asked.request_id)
    for call in as_list(said.get("tool_calls")):
        match call:
            case {"function": {"name": str(name), **function}}:
                yield {
                    "type": "tool_use",
                    "id": ids.take(call.get("id")),
                    "name": asked.name(name),
                    "input": _arguments(function.get("arguments"), is_cut=is_cut),
                }
            case _:
                raise UnreadableAnswerError("The upstream's answer calls a tool without a name.")


def _arguments(given: Any, *, is_cut: bool) -> JsonObject:
    """The arguments of a call; none where the limit of tokens cut them."""
    try:
        arguments: Any = read_json((arguments_text(given).strip() or "{}").encode())
        if isinstance(arguments, str):  # encoded twice
            arguments = read_json(arguments.encode())
    except (orjson.JSONDecodeError, UnicodeEncodeError) as exc:
        if is_cut:
            return {}
        raise UnreadableAnswerError("The upstream's call of a tool is not JSON.") from exc
    if not isinstance(arguments, dict):
        raise UnreadableAnswerError("The upstream's call of a tool is not a JSON object.")
    return arguments
