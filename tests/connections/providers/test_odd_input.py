"""Whatever clients and upstreams write, an adapter translates it or says whose fault it is."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.calling.translated import translated_body
from connections.errors import MidStreamError
from connections.providers.openai import OpenAIAdapter
from connections.providers.registry import ADAPTERS, adapter_for
from connections.request_extensions import TRANSLATION_EXTENSION
from tests.connections.providers.translating import events_of
from tests.support.builders import a_call, an_upstream
from wire_formats.errors import UnsendableError

NAMES = ["text", "image_url", "url", "function", "name", "arguments", "schema", "json_schema"]
KINDS = ["text", "image_url", "function", "json_schema", "refusal", "file", "message", "tool_use"]
ROLES = ["system", "developer", "user", "assistant", "tool", "function"]
FIELDS = [
    "id",
    "model",
    "content",
    "stop_reason",
    "usage",
    "message",
    "done",
    "output",
    "status",
    "created_at",
    "error",
    "type",
    "item",
    "delta",
    "response",
    "output_index",
    "content_block",
    "prompt_eval_count",
    "incomplete_details",
]
EVENTS = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "error",
    "response.created",
    "response.completed",
    "response.output_item.added",
    "response.output_item.done",
    "response.failed",
    "response.function_call_arguments.delta",
    "response.output_text.delta",
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([*KINDS, "", "{}", "[", "data:image/png;base64,iVBO", "data:,x", "high"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "id", *NAMES]), inner, max_size=4)
    ),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(ROLES) | scalars},
    optional={"content": values, "tool_calls": values, "tool_call_id": scalars},
)
requests = st.fixed_dictionaries(
    {"messages": st.lists(messages | values, max_size=3)},
    optional=dict.fromkeys(
        [
            "max_tokens",
            "max_completion_tokens",
            "temperature",
            "stop",
            "tools",
            "tool_choice",
            "parallel_tool_calls",
            "response_format",
            "reasoning_effort",
            "options",
            "user",
            "stream_options",
            "store",
        ],
        values,
    ),
)
TRANSLATING = [each for each in ADAPTERS if each[1] or each[0] == "anthropic"]


def an_adapter(which: tuple[str, str]) -> OpenAIAdapter:
    provider, api_type = which
    return adapter_for(an_upstream(provider=provider, api_type=api_type))


@pytest.mark.parametrize("which", ADAPTERS, ids=" ".join)
@given(body=requests)
def test_a_request_is_written_or_refused(which: tuple[str, str], body: dict) -> None:
    before = orjson.dumps(body)
    try:
        request = an_adapter(which).request(a_call(body))
    except UnsendableError:
        pass
    else:
        assert orjson.loads(request.content)["model"] == "gpt-4o"
    assert orjson.dumps(body) == before


answers = st.dictionaries(
    st.sampled_from(FIELDS),
    values,
    max_size=8,
)
streamed = answers | st.builds(
    lambda answer, kind: answer | {"type": kind}, answers, st.sampled_from(EVENTS)
)


@pytest.mark.parametrize("which", TRANSLATING, ids=" ".join)
@given(answer=answers)
def test_an_answer_is_read_or_blamed_on_the_upstream(which: tuple[str, str], answer: dict) -> None:
    call = a_call({"messages": []})
    translation = an_adapter(which).request(call).extensions[TRANSLATION_EXTENSION]
    try:
        body = translated_body(orjson.dumps(answer), translation)
    except MidStreamError:
        return
    assert isinstance(orjson.loads(body), dict)


@pytest.mark.parametrize("which", TRANSLATING, ids=" ".join)
@given(answers=st.lists(streamed, max_size=4))
async def test_a_stream_is_read_or_blamed_on_the_upstream(
    which: tuple[str, str], answers: list[dict]
) -> None:
    adapter, call = an_adapter(which), a_call({"messages": [], "stream": True})
    is_lines = which[1] == "native"
    form = b"%b\n" if is_lines else b"data: %b\n\n"
    stream = b"".join(form % orjson.dumps(answer) for answer in answers)
    try:
        events = await events_of(adapter, call, stream, size=100)
    except MidStreamError:
        return
    assert all(event == "[DONE]" or "choices" in event or "error" in event for event in events)
