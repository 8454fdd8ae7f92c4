"""``/v1/completions``, the older endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from demo_upstream.chat_completions import DONE
from demo_upstream.errors import DemoError
from demo_upstream.fields import object_of
from demo_upstream.models import CHAT_MODELS, CREATED, chosen_model
from demo_upstream.text import count, saying, token_limit, usage


class Completion:
    """One completion request, understood. Raises ``DemoError`` for what cannot be."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.model = chosen_model(body, CHAT_MODELS)
        self.is_streamed = body.get("stream") is True
        self.wants_usage = object_of(body, "stream_options").get("include_usage") is True
        prompts = _prompts(body)
        limit = token_limit(body)
        self.sayings = [saying(self.model, prompt, limit) for prompt in prompts]
        self.usage = usage(sum(map(count, prompts)), sum(len(s.tokens) for s in self.sayings))

    def answer(self) -> bytes:
        choices = [_choice(i, s.text, s.finish_reason) for i, s in enumerate(self.sayings)]
        return orjson.dumps(self._object(choices, usage=self.usage))

    def events(self) -> Iterator[bytes]:
        for index, said in enumerate(self.sayings):
            for token in said.tokens:
                yield self._event([_choice(index, token, None)])
            yield self._event([_choice(index, "", said.finish_reason)])
        if self.wants_usage:
            yield self._event([], usage=self.usage)
        yield DONE

    def _event(self, choices: list[Any], **more: Any) -> bytes:
        return b"data: " + orjson.dumps(self._object(choices, **more)) + b"\n\n"

    def _object(self, choices: list[Any], **more: Any) -> dict[str, Any]:
        shared = {"id": "cmpl-demo", "object": "text_completion", "created": CREATED}
        return {**shared, "model": self.model, "choices": choices, **more}


def _choice(index: int, text: str, finish_reason: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish_reason}


def _prompts(body: dict[str, Any]) -> list[str]:
    prompt = body.get("prompt")
    prompts: list[Any] = prompt if isinstance(prompt, list) else [prompt]
    if not prompts or not all(isinstance(item, str) for item in prompts):
        raise DemoError("`prompt` must be a string or an array of strings.", param="prompt")
    return prompts
