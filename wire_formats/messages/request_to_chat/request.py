"""From a request of the Messages API to one for chat completions.

A field that a chat cannot hold is left out, and named to the client. Only what the request makes no
sense without is refused, by its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_object, is_given
from wire_formats.messages.request_to_chat.chat_traits import PLAIN, ChatTraits
from wire_formats.messages.request_to_chat.content import chat_messages, system_messages
from wire_formats.messages.request_to_chat.effort import (
    add_reasoning_request,
    is_switched_off,
)
from wire_formats.messages.request_to_chat.names import user_name
from wire_formats.messages.request_to_chat.parts import Writing
from wire_formats.messages.request_to_chat.tools import choice_of, functions_of, is_strict
from wire_formats.payload import Payload
from wire_formats.unread import all_of

if TYPE_CHECKING:
    from wire_formats.chat.request_types import RequestFields

SAME = ("model", "stream")
SAMPLING = ("temperature", "top_p")
NEUTRAL_SAMPLING = 1
MOST_STOPS = 4  # OpenAI takes no more
# Told by the client in this body, and by the gateway in others.
READ = frozenset(
    {
        *SAME,
        *SAMPLING,
        "max_tokens",
        "messages",
        "metadata",
        "output_config",
        "output_format",
        "stop_sequences",
        "system",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
    }
)
CONFIG = all_of("effort", "format")
FORMAT = all_of("type", "schema")
THINKING = all_of("type", "budget_tokens", "display")
USER = all_of("user_id")
NEUTRAL: dict[str, Any] = {"speed": "standard"}


def chat_request(body: JsonObject, traits: ChatTraits = PLAIN) -> Payload:
    """``body`` as a chat for a model with ``traits``, and what it does without.

    Raises ``UnsendableError`` for what no chat can do, and for what is not understood.
    """
    check_can_be_asked(body)
    if is_switched_off(body):
        traits = traits.without_demands()
    writing = Writing(model=str(body.get("model")), traits=traits)
    chat: RequestFields = {}
    for add in (_add_limit, _add_sampling, _add_stop):
        add(chat, body, writing)
    chat["messages"] = [
        *system_messages(body.get("system"), writing),
        *chat_messages(body["messages"], writing),
    ]
    for add in (_add_tools, _add_format, _add_reasoning, _add_user):
        add(chat, body, writing)
    same = {name: body[name] for name in SAME if name in body}
    copied = _copied(body, writing)
    return Payload({**same, **chat, **copied}, tuple(dict.fromkeys(writing.lost)))


def check_can_be_asked(body: JsonObject) -> None:
    """Raises ``UnsendableError`` for a request that means nothing without Anthropic's servers."""
    if is_given(body.get("compaction")):
        raise UnsendableError(
            "The upstream of this model cannot summarise a conversation. Leave out `compaction`.",
            param="compaction",
        )
    if is_given(body.get("mcp_servers")) and not is_given(body.get("tools")):
        raise UnsendableError(
            "The upstream of this model calls no MCP servers. Leave out `mcp_servers`.",
            param="mcp_servers",
        )


def can_be_asked(body: JsonObject) -> bool:
    """Whether ``body`` means something without Anthropic's servers."""
    try:
        check_can_be_asked(body)
    except UnsendableError:
        return False
    return True


def names_offered(body: JsonObject) -> list[str]:
    """The names of the tools that ``body`` offers."""
    offered = [*_listed(body.get("tools")), *_added(body["messages"])]
    return [tool["name"] for tool in offered if isinstance(tool.get("name"), str)]


def ids_called(body: JsonObject) -> frozenset[str]:
    """The ids of all calls in the history of ``body``, which was translated before."""
    return frozenset(
        block["id"]
        for message in body["messages"]
        if isinstance(message.get("content"), list)
        for block in message["content"]
        if block.get("type") == "tool_use" and isinstance(block.get("id"), str)
    )


def _add_limit(chat: RequestFields, body: JsonObject, writing: Writing) -> None:
    limit: Any = body.get("max_tokens")
    if limit is None:
        return
    most = writing.traits.most_tokens
    is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
    if not is_number or (limit and (most is None or limit <= most)):
        chat["max_tokens"] = limit  # what is no number is the upstream's to refuse
        return
    writing.lost.append("max_tokens")  # 0 is to fill the cache and say nothing, which no chat can
    chat["max_tokens"] = most if limit and most is not None else 1


def _add_sampling(chat: RequestFields, body: JsonObject, writing: Writing) -> None:
    given: Any = {name: body[name] for name in SAMPLING if body.get(name) is not None}
    if writing.traits.is_sampled:
        chat.update(given)
    else:
        writing.lost += (name for name, value in given.items() if value != NEUTRAL_SAMPLING)


def _add_stop(chat: RequestFields, body: JsonObject, writing: Writing) -> None:
    sequences = body.get("stop_sequences")
    if not is_given(sequences):
        return
    if not isinstance(sequences, list) or not all(isinstance(each, str) for each in sequences):
        raise UnsendableError(
            "`stop_sequences` must be an array of strings.", param="stop_sequences"
        )
    kept = [each for each in sequences if each][:MOST_STOPS] if writing.traits.takes_stops else []
    if len(kept) < len(sequences):
        writing.lost.append("stop_sequences")
    if kept:
        chat["stop"] = kept


def _add_tools(chat: RequestFields, body: JsonObject, writing: Writing) -> None:
    offered = [*_listed(body.get("tools")), *_added(body["messages"])]
    functions = functions_of(offered, writing.traits, writing.lost)
    if functions:
        chat["tools"] = functions
    choice = body.get("tool_choice")
    chosen = choice_of(choice, functions, writing.lost) if is_given(choice) else {}
    if "tool_choice" in chosen:
        chat["tool_choice"] = chosen["tool_choice"]
    if "parallel_tool_calls" in chosen:
        chat["parallel_tool_calls"] = chosen["parallel_tool_calls"]


def _listed(tools: Any) -> list[Any]:
    if not is_given(tools):
        return []
    if not isinstance(tools, list):
        raise UnsendableError("`tools` must be an array.", param="tools")
    return tools


def _added(messages: list[Any]) -> list[JsonObject]:
    """The definitions of tools that the conversation added on its way."""
    return [
        definition
        for message in messages
        if message.get("role") == "system" and isinstance(message.get("content"), list)
        for block in message["content"]
        if isinstance(definition := _definition(block), dict)
    ]


def _definition(block: Any) -> Any:
    match block:
        case {"type": "tool_addition", "tool": {"definition": dict(definition)}}:
            return definition
        case _:
            return None


def _add_format(chat: RequestFields, body: JsonObject, writing: Writing) -> None:
    config = as_object(body.get("output_config"))
    writing.lose_others(config, CONFIG, "output_config")
    wanted = config.get("format") or body.get("output_format")
    if not is_given(wanted):
        return
    match wanted:
        case {"type": "json_schema", "schema": dict(schema)}:
            writing.lose_others(wanted, FORMAT, "output_config.format")
            chat["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": schema, "strict": is_strict(schema)},
            }
        case _:
            raise UnsendableError(
                "`output_config.format` must be of the type json_schema.", param="output_config"
            )


def _add_reasoning(chat: RequestFields, body: JsonObject, writing: Writing) -> None:
    writing.lose_others(body.get("thinking"), THINKING, "thinking")
    writing.lost += add_reasoning_request(chat, body, writing.traits)


def _add_user(chat: RequestFields, body: JsonObject, writing: Writing) -> None:
    metadata = body.get("metadata")
    writing.lose_others(metadata, USER, "metadata")
    user = metadata.get("user_id") if isinstance(metadata, dict) else None
    if isinstance(user, str) and user:
        chat["user"] = user_name(user)
    if body.get("stream") is True:
        chat["stream_options"] = {"include_usage": True}


def _copied(body: JsonObject, writing: Writing) -> JsonObject:
    """Fields that some upstreams of chats know as they are; all others that are left are lost."""
    copied: JsonObject = {}
    known = READ
    if is_given(mark := body.get("cache_control")) and writing.traits.keeps_cache_marks:
        copied["cache_control"], known = mark, known | {"cache_control"}
    if is_given(top_k := body.get("top_k")):
        if writing.traits.takes_top_k:
            copied["top_k"] = top_k
        else:
            writing.lost.append("top_k")
    writing.lost += (
        name
        for name, value in body.items()
        if name not in known and is_given(value) and NEUTRAL.get(name) != value
    )
    return copied
