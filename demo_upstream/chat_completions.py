"""``/v1/chat/completions``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from demo_upstream.errors import DemoError
from demo_upstream.fields import object_of, objects_of
from demo_upstream.models import CHAT_MODELS, CREATED, chosen_model
from demo_upstream.text import Saying, count, saying, token_limit, usage
from demo_upstream.tools import tool_call

ID = "chatcmpl-demo"
DONE = b"data: [DONE]\n\n"


class Chat:
    """One chat request, understood. Raises ``DemoError`` for what cannot be."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.model = chosen_model(body, CHAT_MODELS)
        messages = _messages(body)
        self.is_streamed = body.get("stream") is True
        self.wants_usage = object_of(body, "stream_options").get("include_usage") is True
        prompt = _prompt(messages)
        self.tool_call = tool_call(body, prompt) if messages[-1].get("role") == "user" else None
        self.saying = saying(self.model, prompt, token_limit(body))
        if self.tool_call:
            self.saying = Saying(tokens=(), finish_reason="tool_calls")
        self.usage = usage(
            sum(count(_text(message)) for message in messages), max(1, len(self.saying.tokens))
        )

    def answer(self) -> bytes:
        """The body of an answer in one piece."""
        message: dict[str, Any] = {"role": "assistant", "content": self.saying.text}
        if self.tool_call:
            message |= {"content": None, "tool_calls": [self.tool_call]}
        choice = {"index": 0, "message": message, "finish_reason": self.saying.finish_reason}
        return orjson.dumps(
            {
                "id": ID,
                "object": "chat.completion",
                "created": CREATED,
                "model": self.model,
                "choices": [choice],
                "usage": self.usage,
            }
        )

    def events(self) -> Iterator[bytes]:
        """The events of a streamed answer, one for each token."""
        before, after = self._around_a_delta()
        yield before + b'{"role":"assistant","content":""}' + after
        if self.tool_call:
            calls = {"tool_calls": [{"index": 0, **self.tool_call}]}
            yield before + orjson.dumps(calls) + after
        for token in self.saying.tokens:
            yield before + b'{"content":' + orjson.dumps(token) + b"}" + after
        yield self._event([{"index": 0, "delta": {}, "finish_reason": self.saying.finish_reason}])
        if self.wants_usage:
            yield self._event([], usage=self.usage)
        yield DONE

    def _event(self, choices: list[Any], **more: Any) -> bytes:
        chunk = {"id": ID, "object": "chat.completion.chunk", "created": CREATED}
        event = {**chunk, "model": self.model, "choices": choices, **more}
        return b"data: " + orjson.dumps(event) + b"\n\n"

    def _around_a_delta(self) -> tuple[bytes, bytes]:
        """The bytes of an event before and after its delta, which alone differs by token."""
        event = self._event([{"index": 0, "delta": "{}", "finish_reason": None}])
        before, _delta, after = event.partition(b'"{}"')
        return before, after


def _messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    messages = objects_of(body, "messages")
    if not messages:
        raise DemoError("`messages` must be an array.", param="messages")
    return messages


def _prompt(messages: list[dict[str, Any]]) -> str:
    """What was said last, by the user or by a tool."""
    spoken = (m for m in reversed(messages) if m.get("role") in ("user", "tool"))
    return _text(next(spoken, {}))


def _text(message: dict[str, Any]) -> str:
    """The text of a message, whose content is a text or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(
        str(part["text"]) for part in parts if isinstance(part, dict) and "text" in part
    )
