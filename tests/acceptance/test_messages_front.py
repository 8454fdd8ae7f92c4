"""Agents built with the ``anthropic`` SDK, before chat upstreams with demands of their own."""

import json

import anthropic
import httpx
import pytest
from anthropic import beta_tool
from anthropic.types.beta.message_create_params import MessageCreateParamsStreaming
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api import client_of, wait_for_models
from tests.support.chat_models import CITIES, MODELS, SAID, USAGE, loop_of
from tests.support.responders import json_response, sse
from tests.support.sdk_requests import accepted_by
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream
from wire_formats.sse import typed_event

pytestmark = [pytest.mark.acceptance, on_one_backing]

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
ASK = [{"role": "user", "content": "What shall I wear in Paris, Rome and Oslo?"}]
CLAUDE = "claude-sonnet-5"
PLAIN = "gpt-4o"
BOTH = "served-by-both"


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=(PLAIN, "gpt-5.2", CLAUDE, *MODELS)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def key(gateway, upstream):
    shared = {"base_url": upstream.url, "keys": ["sk-upstream"]}
    chats = [model for model in MODELS if "/" not in model]
    gateway.configure(
        connections=[
            shared | {"name": "chats", "model_ids": [PLAIN, BOTH, "gpt-5.2", *chats]},
            shared
            | {
                "name": "router",
                "provider": "openrouter",
                "model_ids": ["anthropic/claude-opus-4.5"],
            },
            shared | {"name": "native", "provider": "anthropic", "model_ids": [CLAUDE, BOTH]},
        ],
        grants=[{"models": ["*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, PLAIN, BOTH, "gpt-5.2", CLAUDE, *MODELS)
    return key


@pytest.fixture
def sdk(gateway, key):
    with anthropic.Anthropic(base_url=gateway.url, api_key=key, max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def scripted(upstream):
    with upstream.as_it_was():
        yield upstream


@beta_tool
def weather(city: str) -> str:
    """Tell the weather.

    Args:
        city: Where.
    """
    return f"Rain in {city}."


def run(sdk, model, *, is_streamed, **fields):
    """The messages of a tool loop, as the SDK's runner goes through it."""
    given = {"model": model, "max_tokens": 2000, "messages": [*ASK], "tools": [weather], **fields}
    if not is_streamed:
        return list(sdk.beta.messages.tool_runner(**given))
    streams = sdk.beta.messages.tool_runner(**given, stream=True)
    return [stream.get_final_message() for stream in streams]


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("model", list(MODELS))
def test_a_tool_loop_of_three_turns(sdk, scripted, model, is_streamed):
    scripted.on("POST", CHAT, loop_of(model))
    told = run(sdk, model, is_streamed=is_streamed)
    called = [block for message in told for block in message.content if block.type == "tool_use"]
    assert [block.input for block in called] == [{"city": city} for city in CITIES]
    assert [message.stop_reason for message in told] == [*["tool_use"] * 3, "end_turn"]
    assert [block.text for block in told[-1].content if block.type == "text"] == [SAID]
    assert told[-1].usage.input_tokens == USAGE["prompt_tokens"]
    answers = [m for m in scripted.calls[-1].json["messages"] if m["role"] == "tool"]
    assert [answer["content"] for answer in answers] == [f"Rain in {city}." for city in CITIES]
    if model != "gemini-3-pro":
        thoughts = [b.thinking for m in told for b in m.content if b.type == "thinking"]
        assert thoughts == [f"Thought {turn}: and now?" for turn in range(4)]


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_conversation_goes_on_with_another_model(sdk, scripted, is_streamed):
    """Thoughts of one are no proof to another: Anthropic would take them for forged."""
    scripted.on("POST", CHAT, loop_of("deepseek-v4"))
    told = run(sdk, "deepseek-v4", is_streamed=is_streamed, max_iterations=1)
    result = {"type": "tool_result", "tool_use_id": told[0].content[-1].id, "content": "Rain."}
    history = [*ASK, told[0].to_param(), {"role": "user", "content": [result]}]
    fields = {"max_tokens": 50, "messages": history, "tools": [weather.to_dict()]}
    scripted.on("POST", MESSAGES, json_response(a_message()))
    assert sdk.beta.messages.create(model=CLAUDE, **fields).content[0].text == "Hi"
    [called] = scripted.calls[-1].json["messages"][1]["content"]
    assert called["type"] == "tool_use"
    scripted.on("POST", CHAT, json_response(a_chat(content="Hi")))
    assert sdk.beta.messages.create(model=PLAIN, **fields).content[0].text == "Hi"
    assert set(scripted.calls[-1].json["messages"][1]) == {"role", "content", "tool_calls"}


def test_a_thread_is_refused_where_no_upstream_holds_one(sdk, scripted):
    with pytest.raises(anthropic.BadRequestError) as caught:
        sdk.beta.messages.create(model=PLAIN, max_tokens=9, messages=ASK, thread={"type": "create"})
    details = caught.value.body["error"]["details"]
    assert details["error_code"] == "thread_unsupported_request"


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_thread_belongs_to_whom_it_was_begun_for(gateway, sdk, scripted, is_streamed):
    began = a_message(f"msg_thread_{is_streamed}")
    scripted.on(
        "POST",
        MESSAGES,
        sse(*events_of(began), done=False) if is_streamed else json_response(began),
    )
    asked = {"model": CLAUDE, "max_tokens": 9, "messages": ASK}
    begin = asked | {"thread": {"type": "create"}}
    if is_streamed:
        with sdk.beta.messages.stream(**begin) as stream:
            stream.get_final_message()
    else:
        sdk.beta.messages.create(**begin)
    on = asked | {"thread": {"type": "continue", "previous_message_id": began["id"]}}
    scripted.on("POST", MESSAGES, json_response(a_message("msg_next")))
    assert sdk.beta.messages.create(**on).id == "msg_next"
    assert scripted.calls[-1].json["thread"] == on["thread"]
    before = len(scripted.calls)
    with (
        anthropic.Anthropic(
            base_url=gateway.url, api_key=gateway.api_key("bob"), max_retries=0
        ) as other,
        pytest.raises(anthropic.APIStatusError) as caught,
    ):
        other.beta.messages.create(**on)
    assert caught.value.body["error"]["details"] == {"error_code": "thread_not_found"}
    assert len(scripted.calls) == before


def test_details_of_anthropics_own_errors_pass(sdk, scripted):
    details = {"error_code": "thread_already_continued"}
    error = {"type": "invalid_request_error", "message": "No.", "details": details}
    scripted.on("POST", MESSAGES, json_response({"type": "error", "error": error}, 400))
    with pytest.raises(anthropic.BadRequestError) as caught:
        sdk.beta.messages.create(model=CLAUDE, max_tokens=9, messages=ASK)
    assert caught.value.body["error"]["details"] == details


@pytest.mark.parametrize("model", [PLAIN, CLAUDE])
def test_a_diagnosis_of_an_unknown_message_is_left_out(sdk, scripted, model):
    scripted.on("POST", MESSAGES, json_response(a_message("msg_asked")))
    diagnostics = {"previous_message_id": "msg_of_nobody"}
    answer = sdk.beta.messages.with_raw_response.create(
        model=model, max_tokens=9, messages=ASK, diagnostics=diagnostics
    )
    assert answer.headers["x-gateway-dropped-params"] == "diagnostics"
    assert "diagnostics" not in scripted.calls[-1].json


def test_anthropics_own_choice_of_other_models_passes(sdk, scripted):
    scripted.on("POST", MESSAGES, json_response(a_message()))
    asked = {"max_tokens": 9, "messages": ASK, "fallbacks": "default"}
    sdk.beta.messages.create(model=CLAUDE, **asked)
    assert scripted.calls[-1].json["fallbacks"] == "default"
    answer = sdk.beta.messages.with_raw_response.create(
        model=PLAIN, **asked, user_profile_id="uprof_1"
    )
    assert answer.headers["x-gateway-dropped-params"] == "fallbacks"
    body = {"model": PLAIN, **asked, "user_profile_id": "uprof_1"}
    with client_of_sdk(sdk) as client:
        answer = client.post(MESSAGES, json=body)
        assert answer.headers["x-gateway-dropped-params"] == "fallbacks, user_profile_id"
        assert client.post(MESSAGES, json=body | {"model": CLAUDE}).status_code == 400


def test_a_diagnosis_of_the_callers_own_message_is_asked_for(sdk, scripted):
    scripted.on("POST", MESSAGES, json_response(a_message("msg_first")))
    asked = {"model": CLAUDE, "max_tokens": 9, "messages": ASK}
    sdk.beta.messages.create(**asked, diagnostics={"previous_message_id": None})
    diagnostics = {"previous_message_id": "msg_first"}
    sdk.beta.messages.create(**asked, diagnostics=diagnostics)
    assert scripted.calls[-1].json["diagnostics"] == diagnostics


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ({}, CHAT),
        ({"thread": {"type": "create"}}, MESSAGES),
        ({"compaction": {"type": "compaction"}}, MESSAGES),
    ],
)
def test_what_only_anthropics_servers_can_do_is_asked_of_them(gateway, key, scripted, field, path):
    scripted.on("POST", MESSAGES, json_response(a_message()))
    body = {"model": BOTH, "max_tokens": 9, "messages": ASK, **field}
    with client_of(gateway, key) as client:
        assert client.post(MESSAGES, json=body).is_success
    assert scripted.calls[-1].target == path


def test_input_is_estimated_until_it_is_counted(sdk, scripted):
    long = [{"role": "user", "content": "word " * 4000}]
    with sdk.messages.stream(model=PLAIN, max_tokens=9, messages=long) as stream:
        first, *_ = list(stream)
        final = stream.get_final_message()
    assert stream.response.headers["x-gateway-estimated"] == "message_start"
    assert first.type == "message_start"
    assert 4900 < first.message.usage.input_tokens < 5100 or final.usage.input_tokens == 9


@pytest.mark.parametrize("is_streamed", [False, True])
def test_long_names_of_tools_come_back(sdk, scripted, is_streamed):
    name = "mcp__" + "very_long." * 9 + "tool"

    async def call_it(exchange):
        offered = exchange.request.json["tools"][0]["function"]["name"]
        assert len(offered) <= 64
        call = {"index": 0, "id": "c", "function": {"name": offered, "arguments": "{}"}}
        answer = a_chat(content=None, tool_calls=[call])
        chunks = [
            {"choices": [{"index": 0, "delta": answer["choices"][0]["message"]}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
        ]
        await (sse(*chunks) if is_streamed else json_response(answer))(exchange)

    scripted.on("POST", CHAT, call_it)
    tool = {"name": name, "input_schema": {"type": "object"}}
    asked = {"model": PLAIN, "max_tokens": 9, "messages": ASK, "tools": [tool]}
    if is_streamed:
        with sdk.messages.stream(**asked) as stream:
            message = stream.get_final_message()
    else:
        message = sdk.messages.create(**asked)
    assert [block.name for block in message.content] == [name]
    assert scripted.calls[-1].json["tools"][0]["function"]["parameters"]["properties"] == {}


def test_effort_reaches_a_model_that_reasons_alone(sdk, scripted):
    asked = {"max_tokens": 9000, "messages": ASK, "output_config": {"effort": "max"}}
    thinking = {"type": "enabled", "budget_tokens": 8000}
    sdk.messages.create(model="gpt-5.2", **asked)
    assert scripted.calls[-1].json["reasoning_effort"] == "xhigh"
    sdk.messages.create(model="gpt-5.2", max_tokens=9000, messages=ASK, thinking=thinking)
    assert scripted.calls[-1].json["reasoning_effort"] == "medium"
    answer = sdk.messages.with_raw_response.create(model=PLAIN, **asked, thinking=thinking)
    assert "reasoning_effort" not in scripted.calls[-1].json
    dropped = answer.headers["x-gateway-dropped-params"]
    assert dropped == "thinking, output_config.effort"


def test_cache_marks_reach_openrouters_claude(sdk, scripted):
    mark = {"cache_control": {"type": "ephemeral"}}
    system = [
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1; cch=a1b2c;"},
        {"type": "text", "text": "Be brief.", **mark},
    ]
    asked = {"max_tokens": 9, "messages": ASK, "system": system}
    sdk.messages.create(model="anthropic/claude-opus-4.5", **asked)
    [first, _] = scripted.calls[-1].json["messages"]
    assert first["content"] == [{"type": "text", "text": "Be brief.", **mark}]
    sdk.messages.create(model=PLAIN, **asked)
    assert scripted.calls[-1].json["messages"][0]["content"] == "Be brief."


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=accepted_by(MessageCreateParamsStreaming), is_streamed=st.booleans())
@pytest.mark.parametrize("model", [PLAIN, "deepseek-v4", CLAUDE])
def test_no_request_of_the_sdks_types_is_answered_with_a_5xx(
    gateway, key, scripted, model, body, is_streamed
):
    scripted.on("POST", MESSAGES, json_response(a_message()))
    with client_of(gateway, key) as client:
        answer = client.post(MESSAGES, json=body | {"model": model, "stream": is_streamed})
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["error"]["type"] in {"invalid_request_error", "not_found_error"}


def client_of_sdk(sdk):
    headers = {"authorization": f"Bearer {sdk.api_key}"}
    return httpx.Client(base_url=str(sdk.base_url), headers=headers)


def a_message(id_="msg_1", **fields):
    return {
        "id": id_,
        "type": "message",
        "role": "assistant",
        "model": CLAUDE,
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
        **fields,
    }


def events_of(message):
    begun = {"message": message | {"content": [], "stop_reason": None}}
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    yield typed_event("message_start", **begun)
    yield typed_event("message_delta", delta=delta, usage={"output_tokens": 1})
    yield typed_event("message_stop")


def a_chat(**said):
    message = {"role": "assistant", **said}
    finish_reason = "tool_calls" if said.get("tool_calls") else "stop"
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return json.loads(json.dumps({"choices": [choice], "usage": USAGE}))
