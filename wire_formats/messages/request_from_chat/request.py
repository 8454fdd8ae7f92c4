"""A chat request in the form of Anthropic's Messages API.

The request has the types of Anthropic's SDK, except for what is copied from the client: that is
not checked here, and the SDK no longer knows the sampling parameters that older models take.

https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from wire_formats.families import family_of
from wire_formats.family import Family
from wire_formats.json_types import JsonObject
from wire_formats.messages.request_from_chat.cache_marks import limit_marks
from wire_formats.messages.request_from_chat.history import GO_ON, History, history_of
from wire_formats.messages.request_from_chat.options import (
    format_of,
    sampling_of,
    stops_of,
    tier_of,
    token_limit,
    user_of,
)
from wire_formats.messages.request_from_chat.thinking import (
    Limits,
    is_forced,
    thinking_for,
    thinking_request_of,
)
from wire_formats.messages.request_from_chat.tools import tools_of
from wire_formats.payload import Payload, dropped_parameters

if TYPE_CHECKING:
    from anthropic.types import JSONOutputFormatParam, MessageParam, OutputConfigParam
    from anthropic.types.message_create_params import MessageCreateParamsBase

    from wire_formats.messages.types import RequestMessage

# Anthropic's own, from clients that know it.
UNCHANGED = ("stream", "cache_control", "container", "context_management")
KNOWN = frozenset(
    {
        "betas",
        "function_call",
        "functions",
        "include_reasoning",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "parallel_tool_calls",
        "reasoning",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "service_tier",
        "stop",
        "stop_sequences",
        "stream_options",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
        "user",
        *UNCHANGED,
    }
)
THINKING = frozenset({"adaptive", "enabled"})
BETA_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}\Z")
BETAS_OF_FIELDS = {"context_management": "context-management-2025-06-27"}


def messages_request(body: JsonObject, *, model: str, family: Family | None = None) -> Payload:
    """Anthropic's request for a chat's ``body``. Raises :class:`UnsendableError`."""
    family = family or family_of(model)
    history = history_of(body, keeps_all_thoughts=family.needs_reasoning_back)
    lost: list[str] = []
    _end_with_the_user(history, family)
    limit, is_own_limit = token_limit(body, family, lost)
    schema, wishes = format_of(body, lost)
    tools = tools_of(body, family, history.called, lost)
    limits = Limits(
        max_tokens=limit,
        is_own=is_own_limit,
        is_forced=is_forced(tools),
        is_prefilled=history.is_prefilled,
        lacks_thoughts=history.calls_without_thought,
    )
    thinking = thinking_for(thinking_request_of(body), family, limits, lost)
    is_thinking = "thinking" in thinking and thinking["thinking"]["type"] in THINKING
    request: MessageCreateParamsBase = {
        "model": model,
        "max_tokens": limit,
        "messages": [_message(turn) for turn in history.messages],
    }
    if "tools" in tools:
        request["tools"] = tools["tools"]
    if "tool_choice" in tools:
        request["tool_choice"] = tools["tool_choice"]
    if "thinking" in thinking:
        request["thinking"] = thinking["thinking"]
    if system := [*history.system, *wishes]:
        request["system"] = system
    if config := _config(body, schema, thinking.get("output_config", {})):
        request["output_config"] = config
    copied = {name: body[name] for name in UNCHANGED if body.get(name) not in (None, [], {})}
    copied |= sampling_of(body, family, is_thinking=is_thinking, lost=lost)
    _add_options(request, body, lost)
    limit_marks(request, copied, lost)
    dropped = (*dropped_parameters(body, KNOWN), *lost, *history.lost)
    return Payload({**request, **copied}, tuple(dict.fromkeys(dropped)))


def _message(turn: RequestMessage) -> MessageParam:
    if turn["role"] == "user":
        return {"role": "user", "content": turn["content"]}
    return {"role": "assistant", "content": turn["content"]}


def _add_options(request: MessageCreateParamsBase, body: JsonObject, lost: list[str]) -> None:
    if stops := stops_of(body, lost):
        request["stop_sequences"] = stops
    if user := user_of(body, lost):
        request["metadata"] = user
    if tier := tier_of(body, lost):
        request["service_tier"] = tier


def betas_of(body: JsonObject) -> list[str]:
    """Anthropic's names of what is in beta and ``body`` makes use of, for a header."""
    given: Any = body.get("betas")
    named = [
        name
        for name in (given if isinstance(given, list) else ())
        if isinstance(name, str) and BETA_NAME.match(name)
    ]
    needed = [beta for name, beta in BETAS_OF_FIELDS.items() if body.get(name)]
    return list(dict.fromkeys([*named, *needed]))


def _config(
    body: JsonObject, schema: JSONOutputFormatParam | None, own: OutputConfigParam
) -> OutputConfigParam:
    """``output_config``: the client's own, and over it what was said in OpenAI's words."""
    given = body.get("output_config")
    config = cast("OutputConfigParam", dict(given) if isinstance(given, dict) else {})
    if schema:
        config["format"] = schema
    if "effort" in own:
        config["effort"] = own["effort"]
    return config


def _end_with_the_user(history: History, family: Family) -> None:
    """A chat may end with the assistant's words; most models refuse to begin with them."""
    if not history.is_prefilled:
        return
    if not family.takes_prefill:
        history.messages.append({"role": "user", "content": [GO_ON]})
        history.lost.append("messages.prefill")
        return
    last = history.messages[-1]["content"][-1]
    if last["type"] == "text":
        last["text"] = last["text"].rstrip()
