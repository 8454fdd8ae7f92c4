"""Whatever a client sends becomes a chat that can be written, or is refused by name."""

import contextlib

import orjson
from hypothesis import given
from hypothesis import strategies as st

from wire_formats.errors import UnsendableError
from wire_formats.families import family_of
from wire_formats.messages.carried import without_carried
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits, traits_of
from wire_formats.messages.request_to_chat.request import chat_request, ids_called, names_offered

NAMES = st.sampled_from(
    [
        *["budget_tokens", "cache_control", "clear_at", "content", "data", "definition"],
        *["effort", "format", "id", "input", "input_schema", "is_error", "media_type", "name"],
        *["properties", "required", "schema", "signature", "source", "strict", "text"],
        *["thinking", "title", "tool", "tool_use_id", "type", "url", "user_id"],
    ]
)
WORDS = st.sampled_from(
    [
        *["", "a", "any", "auto", "base64", "content", "document", "enabled", "image"],
        *["json_schema", "object", "redacted_thinking", "server_tool_use", "text", "thinking"],
        *["tool", "tool_addition", "tool_result", "tool_use", "url", "web_search_tool_result"],
        *["bash_20250124", "search_result", "tool_reference", "next_user_message"],
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.just(1.5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=10,
)
ROLES = st.sampled_from(["user", "assistant", "system"])
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": ROLES, "content": VALUES | st.lists(VALUES)}) | VALUES,
    max_size=4,
)
FIELDS = st.sampled_from(
    [
        *["compaction", "fallbacks", "max_tokens", "mcp_servers", "metadata", "output_config"],
        *["output_format", "stop_sequences", "stream", "system", "temperature", "thinking"],
        *["thread", "tool_choice", "tools", "top_k", "top_p"],
    ]
)
MODELS = ("m", "gpt-5.2", "deepseek-v4", "mistral-large", "gemini-3-pro")
TRAITS = (
    *map(traits_of, map(family_of, MODELS)),
    openrouter_traits(family_of("anthropic/claude-opus-4.5")),
)


@given(
    fields=st.dictionaries(FIELDS, VALUES, max_size=5),
    messages=MESSAGES,
    traits=st.sampled_from(TRAITS),
)
def test_a_request(fields, messages, traits):
    body = fields | {"model": "m", "messages": messages}
    without_carried(body)
    with contextlib.suppress(UnsendableError):
        orjson.dumps(chat_request(body, traits).body)
        names_offered(body)
        ids_called(body)
