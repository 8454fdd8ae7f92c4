from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings

from accounts.caller import Caller
from proxy.filters.chain import FilterRejected
from wire_formats.chat.reading import DATA_URL
from wire_formats.endpoints import CHUNKS
from wire_formats.json_types import JsonObject
from wire_formats.responses.sealed import Sealed, opened, sealed

# Names and values of a protocol, not texts.
NOT_TEXTS = frozenset({"model", "id", "role", "type", "object", "name", "finish_reason"})
DELTA_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")
PIECES = frozenset({*DELTA_TEXTS, "tool_calls", "function_call"})
SEALED = "encrypted_content"
LOOKED_BACK = 64
LONGEST_HELD = 64 * 1024


class RegexRedactor:
    """Replaces each match of ``GATEWAY_REDACTED_PATTERNS``, in requests and in responses.

    In a stream it holds back the last ``GATEWAY_REDACTION_WINDOW`` characters of each text, so that
    a match that comes in pieces is found; a match longer than that may pass. Only chats and
    completions are redacted while they stream: other streams are refused.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.pattern = compiled()
        self.replacement: str = settings.GATEWAY_REDACTION_TEXT
        self.held: dict[tuple[Any, ...], HeldText] = {}

    async def inlet(self, body: JsonObject, caller: Caller) -> JsonObject:
        if body.get("stream") is True:
            self.refuse_unknown_streams()
        return {name: self.redacted(value, name) for name, value in body.items()}

    async def outlet(self, answer: JsonObject, caller: Caller) -> JsonObject:
        return {name: self.redacted(value, name) for name, value in answer.items()}

    async def stream(self, event: JsonObject, caller: Caller) -> JsonObject:
        self.refuse_unknown_streams()
        choices = event.get("choices")
        if not isinstance(choices, list):
            return {name: self.redacted(value, name) for name, value in event.items()}
        for choice in choices:
            if isinstance(choice, dict):
                self.redact_choice(choice)
        return event

    def refuse_unknown_streams(self) -> None:
        """Raises ``FilterRejected`` for a stream whose pieces of text are not known here."""
        if self.endpoint not in CHUNKS:
            raise FilterRejected(
                "Answers are redacted here and cannot be streamed. Ask for them whole."
            )

    def redacted(self, value: Any, name: str = "") -> Any:
        """``value`` with every text in it redacted, however deep."""
        if isinstance(value, str):
            if name == SEALED and (seal := opened(value)) is not None:
                return self.redacted_seal(value, seal)
            is_text = name not in NOT_TEXTS and not DATA_URL.match(value)
            return self.pattern.sub(lambda _: self.replacement, value) if is_text else value
        if name == "logprobs":
            return None  # log probabilities repeat the text, token by token
        if isinstance(value, dict):
            redacted = {key: self.redacted(each, key) for key, each in value.items()}
            if "signature" in redacted and redacted != value:
                redacted["signature"] = ""  # of a thought that is its author's no more
            return redacted
        if isinstance(value, list):
            return [self.redacted(each, name) for each in value]
        return value

    def redacted_seal(self, text: str, seal: Sealed) -> str:
        """``text``, a seal of the gateway's own, with the thoughts in it redacted."""
        thoughts = [replace(each, text=self.redacted(each.text)) for each in seal.thoughts]
        if thoughts == list(seal.thoughts):
            return text
        changed = [
            each if each == was else replace(each, signature="")
            for each, was in zip(thoughts, seal.thoughts, strict=True)
        ]
        return sealed(changed, seal.signatures)

    def redact_choice(self, choice: JsonObject) -> None:
        """Let out what is safe of the texts in ``choice``; all that is held at its end."""
        choice["logprobs"] = None
        if isinstance(delta := choice.get("delta"), dict):
            for key in delta.keys() - PIECES:
                delta[key] = self.redacted(delta[key], key)
        is_last = bool(choice.get("finish_reason"))
        index = choice.get("index")
        for path, holder, key in texts_of(choice):
            held = self.held.setdefault((index, *path), self.new_text())
            holder[key] = held.feed(holder[key], is_last=is_last)
        if is_last:
            for place in [place for place in self.held if place[0] == index]:
                rest = self.held.pop(place).feed("", is_last=True)
                if rest:
                    append_text(choice, place[1:], rest)

    def new_text(self) -> HeldText:
        return HeldText(self.pattern, self.replacement, window=settings.GATEWAY_REDACTION_WINDOW)


class HeldText:
    """A text that comes in pieces, of which the last ``window`` characters are held back."""

    def __init__(self, pattern: re.Pattern[str], replacement: str, *, window: int) -> None:
        self._pattern = pattern
        self._replacement = replacement
        self._window = window
        self._passed = ""  # what stands before, for patterns that look behind
        self._text = ""

    def feed(self, piece: str, *, is_last: bool) -> str:
        """The text that may be sent after ``piece``, redacted."""
        self._text += piece
        whole = self._passed + self._text
        begin = len(self._passed)
        lets_all_out = is_last or len(self._text) > LONGEST_HELD
        cut = len(whole) if lets_all_out else max(begin, len(whole) - self._window)
        parts = []
        for match in self._pattern.finditer(whole, begin):
            if match.end() > cut:  # it may go on in the next piece
                cut = min(cut, match.start())
                break
            parts += [whole[begin : match.start()], self._replacement]
            begin = match.end()
        parts.append(whole[begin:cut])
        self._passed, self._text = whole[max(0, cut - LOOKED_BACK) : cut], whole[cut:]
        return "".join(parts)


def texts_of(choice: JsonObject) -> Iterator[tuple[tuple[Any, ...], JsonObject, str]]:
    """The texts in ``choice``, each with its place in the answer and where it stands."""
    if isinstance(choice.get("text"), str):
        yield ("text",), choice, "text"
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return
    for key in DELTA_TEXTS:
        if isinstance(delta.get(key), str):
            yield (key,), delta, key
    called = delta.get("function_call")
    if isinstance(called, dict) and isinstance(called.get("arguments"), str):
        yield ("function_call",), called, "arguments"
    for call in delta.get("tool_calls") or ():
        match call:
            case {"function": {"arguments": str()} as function}:
                yield ("arguments", call.get("index")), function, "arguments"
            case {"custom": {"input": str()} as custom}:
                yield ("input", call.get("index")), custom, "input"


def append_text(choice: JsonObject, place: tuple[Any, ...], text: str) -> None:
    """Add ``text`` to where :func:`texts_of` found the earlier pieces of it."""
    match place:
        case ("text",):
            choice["text"] = f"{choice.get('text') or ''}{text}"
        case ("function_call",):
            delta = choice.setdefault("delta", {})
            begun = (delta.get("function_call") or {}).get("arguments") or ""
            delta["function_call"] = {"arguments": f"{begun}{text}"}
        case ("arguments" | "input" as key, index):
            delta = choice.setdefault("delta", {})
            call = {"index": index, "function" if key == "arguments" else "custom": {key: text}}
            delta["tool_calls"] = [*(delta.get("tool_calls") or ()), call]
        case (str(key),):
            delta = choice.setdefault("delta", {})
            delta[key] = f"{delta.get(key) or ''}{text}"


@cache
def compiled() -> re.Pattern[str]:
    """All patterns as one. Raises ``re.error``."""
    patterns = settings.GATEWAY_REDACTED_PATTERNS
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)")
