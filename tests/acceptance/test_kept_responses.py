"""openai's SDK goes on from responses and conversations that the gateway keeps itself."""

from contextlib import ExitStack
from typing import Any

import openai
import pytest

from tests.acceptance.test_responses_onto_chats import (
    ARGUMENTS,
    CHAT,
    MESSAGES,
    NO_PATH,
    RESPONSES,
    TOOL,
    call,
    chunks,
    completion,
    output_of,
)
from tests.support.api import client_of, wait_for_models
from tests.support.responders import json_response, sse
from tests.support.sockets import heard, open_socket, say
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

SIGNED = {"type": "thinking", "thinking": "Rain?", "signature": "c2lnbmVk"}
TEXT = {"type": "output_text", "text": "Native.", "annotations": [], "logprobs": []}
SEARCH: dict[str, Any] = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
NATIVE: dict[str, Any] = {
    "id": "resp_native",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "native",
    "output": [
        SEARCH | {"action": {"type": "search", "query": "rain"}},
        {
            "type": "message",
            "id": "msg_native",
            "role": "assistant",
            "status": "completed",
            "content": [TEXT],
        },
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}

OTHER = NATIVE | {"id": "resp_other", "output": [NATIVE["output"][1] | {"id": "msg_other"}]}


def message(*content: dict, stop_reason: str = "end_turn") -> dict:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(content),
        "stop_reason": stop_reason,
        "usage": {"input_tokens": 9, "output_tokens": 2},
    }


@pytest.fixture(scope="module")
def upstreams():
    with ExitStack() as stack:
        known = {
            name: stack.enter_context(ScriptedUpstream(models=(name,)))
            for name in ("chat", "claude", "native", "other")
        }
        known["chat"].on("POST", RESPONSES, NO_PATH)
        known["native"].on("POST", RESPONSES, json_response(NATIVE))
        known["other"].on("POST", RESPONSES, json_response(OTHER))
        yield known


@pytest.fixture(scope="module")
def keys(gateway, upstreams):
    connections = [
        {"name": name, "base_url": upstream.url, "keys": ["sk-up"]}
        | ({"provider": "anthropic"} if name == "claude" else {})
        for name, upstream in upstreams.items()
    ]
    gateway.configure(connections=connections, grants=[{"models": ["*"], "everyone": True}])
    keys = {name: gateway.api_key(name) for name in ("alice", "bob")}
    with client_of(gateway, keys["alice"]) as client:
        wait_for_models(client, *upstreams)
    return keys


@pytest.fixture
def sdk(gateway, keys):
    options = {"max_retries": 0, "_strict_response_validation": True}
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=keys["alice"], **options) as sdk:
        yield sdk


@pytest.fixture
def bob(gateway, keys):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=keys["bob"], max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def chat(upstreams):
    with upstreams["chat"].as_it_was():
        yield upstreams["chat"]


@pytest.fixture
def claude(upstreams):
    with upstreams["claude"].as_it_was():
        yield upstreams["claude"]


def said(upstream) -> list[tuple[str, Any]]:
    return [(it["role"], it["content"]) for it in upstream.calls[-1].json["messages"]]


@pytest.mark.parametrize("is_streamed", [False, True])
def test_three_turns_with_a_tool(sdk, chat, is_streamed):
    thought = {"reasoning_content": "Rain?", "thinking_blocks": [SIGNED]}
    if is_streamed:
        deltas = [{"reasoning_content": "Rain?"}, {"thinking_blocks": [SIGNED]}]
        deltas.append({"tool_calls": [{"index": 0} | call()]})
        first_answer = sse(*chunks(*deltas, finish_reason="tool_calls"))
    else:
        told = completion("tool_calls", **thought, content=None, tool_calls=[call()])
        first_answer = json_response(told)
    chat.on("POST", CHAT, first_answer, json_response(completion(content="It rains.")))

    asked = {"model": "chat", "tools": [TOOL]}
    if is_streamed:
        with sdk.responses.stream(input="Weather?", **asked) as stream:
            first = stream.until_done().get_final_response()
    else:
        first = sdk.responses.create(input="Weather?", instructions="Be kind.", **asked)
    second = sdk.responses.create(
        input=[output_of(first)], previous_response_id=first.id, store=True, **asked
    )
    third = sdk.responses.create(input="And now?", previous_response_id=second.id, **asked)

    assert first.id.startswith("resp_gw_")
    assert (first.store, second.store, third.store) == (True, True, True)
    assert (second.previous_response_id, third.previous_response_id) == (first.id, second.id)
    messages = chat.calls[-1].json["messages"]
    assert [each["role"] for each in messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]
    assert messages[1]["thinking_blocks"] == [SIGNED]
    assert messages[1]["tool_calls"][0]["function"]["arguments"] == ARGUMENTS
    assert (messages[2]["content"], messages[3]["content"]) == ("Rain", "It rains.")


def test_what_anthropic_signed_comes_back_byte_for_byte(sdk, claude):
    use = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
    called = message(SIGNED, use, stop_reason="tool_use")
    last = message({"type": "text", "text": "It rains."})
    claude.on("POST", MESSAGES, json_response(called), json_response(last))
    asked = {"model": "claude", "tools": [TOOL], "reasoning": {"effort": "low"}}
    first = sdk.responses.create(input="Weather?", **asked)
    second = sdk.responses.create(input=[output_of(first)], previous_response_id=first.id, **asked)
    assert second.output_text == "It rains."
    user, assistant, result = claude.calls[-1].json["messages"]
    assert (user["role"], result["content"][0]["type"]) == ("user", "tool_result")
    assert assistant["content"][0] == SIGNED


def test_a_conversation_changes_models(sdk, chat, upstreams):
    conversation = sdk.conversations.create(
        items=[{"type": "message", "role": "user", "content": "I am Ada."}]
    )
    for model in ("chat", "native", "chat", "other", "native"):
        made = sdk.responses.create(model=model, input=f"Hi {model}", conversation=conversation.id)
        assert made.conversation.id == conversation.id
    assert said(chat) == [
        ("user", "I am Ada."),
        ("user", "Hi chat"),
        ("assistant", "Hello world"),
        ("user", "Hi native"),
        ("assistant", "Native."),
        ("user", "Hi chat"),
    ]
    other, native = (upstreams[name].calls[-1].json for name in ("other", "native"))
    assert "conversation" not in native
    assert not [item for item in other["input"] if item.get("id") == "ws_1"]
    assert [item for item in native["input"] if item.get("id") == "ws_1"]
    assert not [item for item in native["input"] if "_gw_" in item.get("id", "")]
    kept = list(sdk.conversations.items.list(conversation.id, order="asc"))
    assert [item.type for item in kept][:5] == ["message"] * 3 + ["message", "web_search_call"]


def test_a_streamed_native_response_is_added_to_its_conversation(sdk, upstreams):
    conversation = sdk.conversations.create()
    events = [
        {"type": "response.created", "response": NATIVE | {"status": "in_progress", "output": []}},
        {"type": "response.completed", "response": NATIVE},
    ]
    numbered = [each | {"sequence_number": number} for number, each in enumerate(events)]
    with upstreams["native"].as_it_was():
        upstreams["native"].on("POST", RESPONSES, sse(*numbered, done=False))
        told = list(
            sdk.responses.create(
                model="native", input="Hi", conversation=conversation.id, stream=True
            )
        )
    assert [event.response.conversation.id for event in told] == [conversation.id] * 2
    kept = list(sdk.conversations.items.list(conversation.id, order="asc"))
    assert [item.type for item in kept] == ["message", "web_search_call", "message"]


def test_a_response_is_gone_on_from_at_another_model(sdk, chat, upstreams):
    first = sdk.responses.create(model="chat", input="Hello")
    made = sdk.responses.create(model="native", input="And?", previous_response_id=first.id)
    assert made.previous_response_id == first.id
    sent = upstreams["native"].calls[-1].json
    assert "previous_response_id" not in sent
    contents = [item["content"] for item in sent["input"]]
    assert contents[2] == "And?"
    assert [content[0]["text"] for content in contents[:2]] == ["Hello", "Hello world"]
    assert not [item for item in sent["input"] if "id" in item]


def test_a_response_is_asked_for_again_and_deleted(sdk, chat):
    made = sdk.responses.create(model="chat", input="Hello", metadata={"a": "b"})
    before = len(chat.calls)
    assert sdk.responses.retrieve(made.id) == made
    events = list(sdk.responses.retrieve(made.id, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].response.output_text == "Hello world"
    later = list(sdk.responses.retrieve(made.id, stream=True, starting_after=3))
    assert [event.type for event in later] == [event.type for event in events[4:]]
    with pytest.raises(openai.BadRequestError, match="Cannot cancel"):
        sdk.responses.cancel(made.id)
    sdk.responses.delete(made.id)
    for attempt in (
        lambda: sdk.responses.retrieve(made.id),
        lambda: sdk.responses.delete(made.id),
        lambda: sdk.responses.input_items.list(made.id),
    ):
        with pytest.raises(openai.NotFoundError):
            attempt()
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.responses.create(model="chat", input="And?", previous_response_id=made.id)
    assert caught.value.code == "previous_response_not_found"
    assert len(chat.calls) == before


def test_the_items_of_an_input_are_paged(sdk, chat):
    texts = [str(number) for number in range(5)]
    input_: Any = [{"role": "user", "content": text} for text in texts]
    made = sdk.responses.create(model="chat", input=input_)
    listed = list(sdk.responses.input_items.list(made.id, limit=2, order="asc"))
    assert [item.content[0].text for item in listed] == texts
    [newest] = sdk.responses.input_items.list(made.id, limit=1).data
    assert newest.id == listed[-1].id


def test_a_response_that_is_not_to_be_stored_is_not(sdk, chat):
    made = sdk.responses.create(model="chat", input="Hello", store=False)
    assert made.store is False
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(made.id)
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.responses.create(model="chat", input="And?", previous_response_id=made.id)
    assert caught.value.code == "previous_response_not_found"


@pytest.mark.parametrize("model", ["chat", "native"])
def test_items_are_referred_to_by_their_ids_alone(sdk, chat, upstreams, model):
    """As the AI SDK does from the second turn on."""
    thought = {"reasoning_content": "Rain?", "thinking_blocks": [SIGNED]}
    told = completion("tool_calls", **thought, content=None, tool_calls=[call()])
    chat.on("POST", CHAT, json_response(told), json_response(completion(content="It rains.")))
    first = sdk.responses.create(model="chat", input="Weather?", tools=[TOOL])
    history: list[Any] = [
        {"role": "user", "content": "Weather?"},
        *({"type": "item_reference", "id": item.id} for item in first.output),
        output_of(first),
    ]
    sdk.responses.create(model=model, input=history, tools=[TOOL])
    if model == "chat":
        messages = chat.calls[-1].json["messages"]
        assert messages[1]["thinking_blocks"] == [SIGNED]
        assert [each["role"] for each in messages] == ["user", "assistant", "tool"]
    else:
        sent = upstreams["native"].calls[-1].json["input"]
        assert [item.get("type") for item in sent][1:] == ["function_call", "function_call_output"]
        assert "id" not in sent[1]


@pytest.mark.parametrize("model", ["chat", "native"])
@pytest.mark.parametrize("store", [False, True])
def test_items_sent_back_whole_are_not_refused(sdk, chat, model, store):
    thought = {"reasoning_content": "Rain?", "content": "Hm.", "tool_calls": [call()]}
    told = json_response(completion("tool_calls", **thought))
    chat.on("POST", CHAT, told, json_response(completion(content="It rains.")))
    first = sdk.responses.create(model="chat", input="Weather?", tools=[TOOL], store=store)
    unsealed = [
        item.model_dump(exclude_unset=True, exclude={"encrypted_content"}) for item in first.output
    ]
    for output in (first.output, unsealed):
        history: list[Any] = [{"role": "user", "content": "Weather?"}, *output, output_of(first)]
        assert sdk.responses.create(model=model, input=history, tools=[TOOL]).output_text


def test_an_item_of_nobody_is_named_by_its_place(sdk, chat):
    item: Any = {"type": "item_reference", "id": f"msg_gw_{'0' * 32}_0"}
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.responses.create(model="chat", input=[{"role": "user", "content": "Hi"}, item])
    assert (caught.value.param, caught.value.code) == ("input[1].id", "item_not_found")


def test_nobody_else_is_told_of_what_is_kept(sdk, bob, chat):
    made = sdk.responses.create(model="chat", input="Hello")
    conversation = sdk.conversations.create()
    before = len(chat.calls)
    attempts = [
        lambda: bob.responses.retrieve(made.id),
        lambda: bob.responses.retrieve(made.id, stream=True),
        lambda: bob.responses.delete(made.id),
        lambda: bob.responses.cancel(made.id),
        lambda: bob.responses.input_items.list(made.id),
        lambda: bob.responses.create(model="chat", input="Hi", conversation=conversation.id),
        lambda: bob.responses.create(
            model="chat", input=[{"type": "item_reference", "id": made.output[0].id}]
        ),
    ]
    for attempt in attempts:
        with pytest.raises(openai.NotFoundError):
            attempt()
    for ask in (bob.responses.create, bob.responses.input_tokens.count):
        with pytest.raises(openai.BadRequestError, match="not found"):
            ask(model="chat", input="Hi", previous_response_id=made.id)
    assert len(chat.calls) == before
    assert sdk.responses.retrieve(made.id) == made


def test_a_failure_is_not_kept(sdk, chat):
    chat.on("POST", CHAT, sse(*chunks({"content": "Hel"}, finish_reason=None), done=False))
    events = list(sdk.responses.create(model="chat", input="Hello", stream=True))
    assert events[-1].response.store is False
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(events[-1].response.id)


def test_tokens_are_counted_with_what_was_said_before(sdk, chat):
    made = sdk.responses.create(model="chat", input="Hello " * 50)
    alone = sdk.responses.input_tokens.count(model="chat", input="And?")
    count = sdk.responses.input_tokens.count
    assert count(input="And?", previous_response_id=made.id).input_tokens > alone.input_tokens
    together = count(model="chat", input="And?", previous_response_id=made.id)
    assert together.input_tokens > alone.input_tokens


@pytest.mark.parametrize("store", [False, True])
def test_a_socket_goes_on_from_what_is_kept(gateway, keys, sdk, chat, store):
    made = sdk.responses.create(model="chat", input="Hello")
    create = {"type": "response.create", "model": "chat", "store": store}
    with open_socket(gateway, keys["alice"], path=RESPONSES) as socket:
        previous = made.id
        for text in ("Two", "Three"):
            say(socket, create | {"input": text, "previous_response_id": previous})
            while (told := heard(socket))["type"] != "response.completed":
                assert told["type"] != "error", told
            previous = told["response"]["id"]
    assert [content for role, content in said(chat) if role == "user"] == ["Hello", "Two", "Three"]
