"""Where in a body nothing refers to anything, and which parts of it are plain at a glance.

A chat is mostly plain: its text, its functions and its numbers are passed over at the cost of a
look at their names, so that nothing is paid for what a request does not use.
"""

from __future__ import annotations

from typing import Any

from proxy.references.addresses import names_an_object
from wire_formats.json_types import JsonObject
from wire_formats.messages.whole_as_stream import TOOL_USES

# Fields of a body that are numbers, strings, or data of the client's own.
PLAIN_FIELDS = frozenset(
    {
        "best_of",
        "cache_control",
        "chat_template_kwargs",
        "documents",
        "echo",
        "encoding_format",
        "dimensions",
        "event_id",
        "frequency_penalty",
        "function_call",
        "functions",
        "guided_json",
        "include",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_output_tokens",
        "max_tokens",
        "max_tool_calls",
        "metadata",
        "min_p",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "query",
        "quality",
        "reasoning",
        "reasoning_effort",
        "repetition_penalty",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "size",
        "stop",
        "stop_sequences",
        "store",
        "stream",
        "stream_options",
        "structured_outputs",
        "temperature",
        "text",
        "thinking",
        "tool_choice",
        "top_k",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
        "verbosity",
    }
)
# Data of the client's own, wherever it stands: names in it mean nothing to an upstream.
OPAQUE = frozenset(
    {
        "$defs",
        "action",
        "annotations",
        "arguments",
        "attributes",
        "definitions",
        "function",
        "function_call",
        "headers",
        "input_examples",
        "input_schema",
        "json_schema",
        "logprobs",
        "metadata",
        "properties",
        "response_format",
        "results",
        "schema",
        "text",
        "tool_calls",
        "variables",
    }
)
# These are so where the type beside them says it.
DEPENDING = frozenset({"content", "input", "parameters", "skill_id"})
MESSAGE_FIELDS = frozenset(
    {
        "content",
        "function_call",
        "name",
        "reasoning",
        "reasoning_content",
        "refusal",
        "role",
        "tool_call_id",
        "tool_calls",
    }
)
# Of a function, in a chat, in Responses and in Messages.
FUNCTION_FIELDS = frozenset(
    {
        "cache_control",
        "defer_loading",
        "description",
        "function",
        "input_schema",
        "name",
        "parameters",
        "strict",
        "type",
    }
)
RICH_FIELDS = frozenset({"documents", "query"})
FUNCTIONS = frozenset({None, "function", "custom"})
TEXT_FIELDS = frozenset({"cache_control", "text", "type"})
PICTURE_FIELDS = frozenset({"detail", "url"})
DICTS = frozenset({dict})
NAMELESS: frozenset[str] = frozenset()  # `NAMELESS.union(*objects)` is the set of their names
TEXTS = frozenset({str, type(None)})
CONTENTS = TEXTS | {list}
# Blocks whose input is what a model has written, and those that tell what came of it.
CODE_RESULTS = "code_execution_tool_result"
SCALARS = frozenset({str, int, float, bool, type(None)})


def are_plain_messages(messages: list[Any]) -> bool:
    """Whether ``messages`` are of text and pictures alone, in fields that are known.

    The loops are those of the interpreter: a chat may have hundreds of messages.
    """
    if not DICTS.issuperset(map(type, messages)):
        return is_plain_list(messages)
    if not MESSAGE_FIELDS.issuperset(NAMELESS.union(*messages)):
        return False
    contents = [message.get("content") for message in messages]
    kinds = set(map(type, contents))
    if kinds <= TEXTS:
        return True
    return kinds <= CONTENTS and are_plain_parts(
        [part for content in contents if type(content) is list for part in content]
    )


def are_plain_parts(parts: list[Any]) -> bool:
    """Whether ``parts`` have nothing but a text, or the address of a picture."""
    if not DICTS.issuperset(map(type, parts)):
        return False
    if TEXT_FIELDS.issuperset(NAMELESS.union(*parts)):
        return True
    return all(TEXT_FIELDS.issuperset(part) or is_plain_picture(part) for part in parts)


def is_plain_picture(part: JsonObject) -> bool:
    """Whether ``part`` has nothing but a type and the address of a picture."""
    picture = part.get("image_url")
    if type(picture) is dict and picture.keys() <= PICTURE_FIELDS:
        picture = picture.get("url")
    is_plain = type(picture) is str and not names_an_object(picture)
    return is_plain and part.keys() <= {"type", "image_url"}


def are_plain_functions(tools: list[Any]) -> bool:
    """Whether ``tools`` are functions of the client's, whose schemas name what they like."""
    return are_known(tools, fields=FUNCTION_FIELDS, types=FUNCTIONS)


def are_known(values: list[Any], *, fields: frozenset[str], types: frozenset[str | None]) -> bool:
    """Whether all ``values`` are objects of these ``fields`` and ``types``. The loops are in C."""
    if not DICTS.issuperset(map(type, values)):
        return False
    if not fields.issuperset(NAMELESS.union(*values)):
        return False
    try:
        return types.issuperset([value.get("type") for value in values])
    except TypeError:  # a type that is an array or an object
        return False


def is_opaque(name: str, fields: JsonObject) -> bool:
    """Whether ``name`` is a field of ``fields`` that holds data of the client's own."""
    if name in OPAQUE:
        return True
    if name not in DEPENDING:
        return False
    kind = fields.get("type")
    if not isinstance(kind, str):
        return name == "parameters" and "name" in fields and are_plain_functions([fields])
    match name:
        case "parameters":
            return kind in FUNCTIONS
        case "input":
            return kind in TOOL_USES and isinstance(fields[name], dict)
        case "skill_id":  # of a skill that the provider has for all its customers
            return kind == "anthropic"
        case _:
            return kind.endswith(CODE_RESULTS) and "role" not in fields


def is_rich(name: str, value: Any) -> bool:
    """Whether a field of a rerank request holds parts of a chat, as vLLM takes them."""
    if name not in RICH_FIELDS or type(value) in SCALARS:
        return False
    each = value if type(value) is list else [value]
    return any(type(one) is dict and not is_plain_list([*one.values()]) for one in each)


def is_plain_list(values: list[Any]) -> bool:
    """Whether ``values`` are strings and numbers alone, as the tokens of a prompt."""
    return SCALARS.issuperset(map(type, values))
