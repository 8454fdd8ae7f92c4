"""Conversations over the two surfaces of openai's SDK."""

from __future__ import annotations

import json
from typing import Any, Protocol

import openai
from openai.types.chat import ChatCompletion

from tests.acceptance.matrix.scenario import SCHEMA, TOOL, Answer, Call, Usage

DESCRIPTION = "Tells the weather."
PARAMETERS = {k: v for k, v in SCHEMA.items() if k != "additionalProperties"}


class Client(Protocol):
    """A conversation over one surface, as a program with its SDK keeps it.

    ``ask`` keeps the answer for the next turn, as it came. Raises the SDK's errors.
    """

    def say(self, text: str, *, image: str = "", document: str = "") -> None: ...
    def give(self, results: dict[str, str]) -> None: ...
    def ask(
        self, *, is_streamed: bool, tools: bool = False, schema: bool = False, effort: bool = False
    ) -> Answer: ...


class ChatClient:
    def __init__(self, sdk: openai.OpenAI, model: str) -> None:
        self._sdk, self._model = sdk, model
        self._history: list[Any] = [{"role": "system", "content": "Be kind. "}]

    def say(self, text: str, *, image: str = "", document: str = "") -> None:
        parts: list[Any] = [{"type": "text", "text": text}]
        if image:
            parts.append({"type": "image_url", "image_url": {"url": image}})
        if document:
            parts.append({"type": "file", "file": {"filename": "a.pdf", "file_data": document}})
        self._history.append({"role": "user", "content": parts if parts[1:] else text})

    def give(self, results: dict[str, str]) -> None:
        self._history += [
            {"role": "tool", "tool_call_id": id_, "content": text} for id_, text in results.items()
        ]

    def ask(
        self, *, is_streamed: bool, tools: bool = False, schema: bool = False, effort: bool = False
    ) -> Answer:
        asked: dict[str, Any] = {"model": self._model, "messages": self._history}
        if tools:
            function = {"name": TOOL, "description": DESCRIPTION, "parameters": PARAMETERS}
            asked["tools"] = [{"type": "function", "function": function}]
        if schema:
            named = {"name": "place", "schema": SCHEMA, "strict": True}
            asked["response_format"] = {"type": "json_schema", "json_schema": named}
        if effort:
            asked["reasoning_effort"] = "medium"
        completion = self._completion(asked, is_streamed=is_streamed)
        message = completion.choices[0].message
        told = message.to_dict(mode="json", exclude_none=True)
        for call in told.get("tool_calls", ()):
            call.pop("index", None)
            call["function"].pop("parsed_arguments", None)
        self._history.append({k: v for k, v in told.items() if k != "parsed"})
        return _answer_of_chat(completion)

    def _completion(self, asked: dict[str, Any], *, is_streamed: bool) -> ChatCompletion:
        if not is_streamed:
            return self._sdk.chat.completions.create(**asked)
        options = {"stream_options": {"include_usage": True}}
        with self._sdk.chat.completions.stream(**asked, **options) as stream:
            return stream.until_done().get_final_completion()


def _answer_of_chat(completion: ChatCompletion) -> Answer:
    [choice] = completion.choices
    message, usage = choice.message, completion.usage
    own = message.model_extra or {}
    calls = tuple(
        Call(id=call.id, name=call.function.name, **json.loads(call.function.arguments))
        for call in message.tool_calls or ()
    )
    return Answer(
        text=message.content or "",
        thought=own.get("reasoning_content") or own.get("reasoning") or "",
        calls=calls,
        usage=_usage_of_chat(usage),
        stop=choice.finish_reason,
    )


def _usage_of_chat(usage: Any) -> Usage:
    """What a client of this surface can learn: details, DeepSeek's counts, Google's total."""
    own = usage.model_extra or {}
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    beside = usage.total_tokens - usage.prompt_tokens - usage.completion_tokens
    return Usage(
        prompt=usage.prompt_tokens,
        completion=usage.completion_tokens + beside,
        cached=(prompt and prompt.cached_tokens) or own.get("prompt_cache_hit_tokens") or 0,
        reasoning=(completion and completion.reasoning_tokens) or beside,
    )


class ResponsesClient:
    def __init__(self, sdk: openai.OpenAI, model: str) -> None:
        self._sdk, self._model = sdk, model
        self._history: list[Any] = []

    def say(self, text: str, *, image: str = "", document: str = "") -> None:
        parts: list[Any] = [{"type": "input_text", "text": text}]
        if image:
            parts.append({"type": "input_image", "image_url": image, "detail": "auto"})
        if document:
            parts.append({"type": "input_file", "filename": "a.pdf", "file_data": document})
        self._history.append({"role": "user", "content": parts if parts[1:] else text})

    def give(self, results: dict[str, str]) -> None:
        self._history += [
            {"type": "function_call_output", "call_id": id_, "output": text}
            for id_, text in results.items()
        ]

    def ask(
        self, *, is_streamed: bool, tools: bool = False, schema: bool = False, effort: bool = False
    ) -> Answer:
        asked: dict[str, Any] = {"model": self._model, "input": self._history, "store": False}
        asked["instructions"] = "Be kind. "
        if tools:
            function = {"name": TOOL, "description": DESCRIPTION, "parameters": PARAMETERS}
            asked["tools"] = [{"type": "function", "strict": False, **function}]
        if schema:
            named = {"name": "place", "schema": SCHEMA, "strict": True}
            asked["text"] = {"format": {"type": "json_schema", **named}}
        if effort:
            asked["reasoning"] = {"effort": "medium", "summary": "auto"}
            asked["include"] = ["reasoning.encrypted_content"]
        response = self._response(asked, is_streamed=is_streamed)
        self._history += [
            each.model_dump(mode="json", exclude_unset=True, exclude={"parsed_arguments": True})
            for each in response.output
        ]
        return _answer_of_response(response)

    def _response(self, asked: dict[str, Any], *, is_streamed: bool) -> Any:
        if not is_streamed:
            return self._sdk.responses.create(**asked)
        with self._sdk.responses.create(**asked, stream=True) as stream:
            events = list(stream)
        assert [event.sequence_number for event in events] == list(range(len(events)))
        for event in events:
            if event.type == "error":  # the SDK raises nothing for this one
                raise openai.APIError(event.message, stream.response.request, body=event.to_dict())
        return events[-1].response


def _answer_of_response(response: Any) -> Answer:
    thoughts = [item for item in response.output if item.type == "reasoning"]
    texts = [part.text for item in thoughts for part in (*item.summary, *(item.content or ()))]
    usage = response.usage
    calls = tuple(
        Call(id=item.call_id, name=item.name, **json.loads(item.arguments))
        for item in response.output
        if item.type == "function_call"
    )
    return Answer(
        text=response.output_text,
        thought="".join(texts),
        calls=calls,
        usage=Usage(
            prompt=usage.input_tokens,
            completion=usage.output_tokens,
            cached=usage.input_tokens_details.cached_tokens,
            reasoning=usage.output_tokens_details.reasoning_tokens,
        ),
        stop=response.status,
    )
