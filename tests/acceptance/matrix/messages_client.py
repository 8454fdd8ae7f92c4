"""Conversations over the surface of anthropic's SDK."""

from __future__ import annotations

from typing import Any

import anthropic

from tests.acceptance.matrix.clients import DESCRIPTION, PARAMETERS
from tests.acceptance.matrix.scenario import SCHEMA, TOOL, Answer, Call, Usage

MAX_TOKENS = 8000
BUDGET = 4096


class MessagesClient:
    def __init__(self, sdk: anthropic.Anthropic, model: str) -> None:
        self._sdk, self._model = sdk, model
        self._history: list[Any] = []

    def say(self, text: str, *, image: str = "", document: str = "") -> None:
        blocks: list[Any] = [{"type": "text", "text": text}]
        if image:
            blocks.append({"type": "image", "source": _source(image)})
        if document:
            blocks.append({"type": "document", "source": _source(document)})
        self._history.append({"role": "user", "content": blocks if blocks[1:] else text})

    def give(self, results: dict[str, str]) -> None:
        blocks = [
            {"type": "tool_result", "tool_use_id": id_, "content": text}
            for id_, text in results.items()
        ]
        self._history.append({"role": "user", "content": blocks})

    def ask(
        self, *, is_streamed: bool, tools: bool = False, schema: bool = False, effort: bool = False
    ) -> Answer:
        asked: dict[str, Any] = {"model": self._model, "messages": self._history}
        asked |= {"max_tokens": MAX_TOKENS, "system": "Be kind. "}
        if tools:
            tool = {"name": TOOL, "description": DESCRIPTION, "input_schema": PARAMETERS}
            asked["tools"] = [tool]
        if schema:
            asked["output_config"] = {"format": {"type": "json_schema", "schema": SCHEMA}}
        if effort:
            asked["thinking"] = {"type": "enabled", "budget_tokens": BUDGET}
        if is_streamed:
            with self._sdk.messages.stream(**asked) as stream:
                message: Any = stream.get_final_message()
        else:
            message = self._sdk.messages.create(**asked)
        content = message.to_dict(mode="json", exclude_none=True)["content"]
        for block in content:
            block.pop("parsed_output", None)
        self._history.append({"role": "assistant", "content": content})
        return _answer_of_message(message)


def _answer_of_message(message: Any) -> Answer:
    usage, details = message.usage, message.usage.output_tokens_details
    cached = usage.cache_read_input_tokens or 0
    calls = tuple(
        Call(id=block.id, name=block.name, **block.input)
        for block in message.content
        if block.type == "tool_use"
    )
    return Answer(
        text="".join(block.text for block in message.content if block.type == "text"),
        thought="".join(b.thinking for b in message.content if b.type == "thinking"),
        calls=calls,
        usage=Usage(
            prompt=usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0),
            completion=usage.output_tokens,
            cached=cached,
            reasoning=details.thinking_tokens if details else 0,
        ),
        stop=message.stop_reason,
    )


def _source(url: str) -> dict[str, str]:
    if not url.startswith("data:"):
        return {"type": "url", "url": url}
    media_type, _, data = url.removeprefix("data:").partition(";base64,")
    return {"type": "base64", "media_type": media_type, "data": data}
