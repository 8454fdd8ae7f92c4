"""What front ends write into their requests, beside what is asked, passes as it is."""

import pytest

from tests.support.api import CHAT, client_of
from tests.support.responders import complete_chat

pytestmark = pytest.mark.acceptance

PICTURE = "data:image/png;base64,iVBORw0KGgo="
FUNCTION = {
    "name": "search",
    "description": "Search files.",
    "parameters": {"type": "object", "properties": {"model": {}, "file_id": {"type": "string"}}},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": '{"file_id": "a"}'}
TOOLS = {"tools": [{"type": "function", "function": FUNCTION}], "tool_choice": "auto"}


def asking(content="Hello", **fields):
    return {"role": "user", "content": content} | fields


def answering(content="Hi", **fields):
    return {"role": "assistant", "content": content} | fields


FRONT_ENDS = {
    "Open WebUI": {
        "stream_options": {"include_usage": True},
        "chat_id": "7f0c",
        "session_id": "x9",
        "id": "b6",
        "parent_message_id": "a1",
        "features": {"web_search": False},
        "background_tasks": {"title_generation": True},
        "metadata": {"chat_id": "7f0c", "message_id": "b6", "model": {"id": "other"}},
        "messages": [
            {"role": "system", "content": "Be brief."},
            asking(
                [
                    {"type": "text", "text": "What?"},
                    {"type": "image_url", "image_url": {"url": PICTURE}},
                ]
            ),
            answering(id="m2", parentId="m1", model="gpt-4o", modelName="GPT-4o", modelIdx=0),
            asking(id="m3", childrenIds=["m4"], models=["gpt-4o", "o3"], timestamp=1),
        ],
    },
    "LibreChat": {
        "user": "665f",
        "top_p": 1,
        "messages": [
            asking(messageId="m1", conversationId="c1", parentMessageId="0", isCreatedByUser=True),
            answering(messageId="m2", conversationId="c1", model="gpt-4o", endpoint="openAI"),
            asking(thread_id="thread_1", conversation_id="c1", sender="User"),
        ],
    },
    "LobeChat": {
        "messages": [
            asking(id="m1", sessionId="inbox", topicId="t1", threadId=None, meta={}),
            answering(
                id="m2",
                agentId="agt_1",
                threadId="thd_1",
                model="gpt-4o",
                provider="openai",
                extra={"fromModel": "gpt-4o", "fromProvider": "openai"},
            ),
            asking(),
        ],
        "enabledSearch": False,
    },
    "Cursor": {
        "user": "google-oauth2|1",
        "messages": [{"role": "system", "content": "You are an agent."}, asking(), CALLED, RESULT],
    }
    | TOOLS,
    "Continue": {
        "max_tokens": 4096,
        "stop": ["<|im_end|>"],
        "prediction": {"type": "content", "content": "a = 1"},
        "messages": [asking([{"type": "text", "text": "Hello"}]), CALLED, RESULT],
    }
    | TOOLS,
    "n8n": {
        "frequency_penalty": 0,
        "n": 1,
        "sessionId": "4f",
        "messages": [asking(name="human"), CALLED | {"content": None}, RESULT],
    }
    | TOOLS,
    "AI SDK": {
        "trigger": "submit-message",
        "id": "chat-1",
        "messages": [
            asking(id="u1", parts=[{"type": "text", "text": "Hello"}]),
            answering(id="a1", metadata={"model": "gpt-4o"}, parts=[{"type": "step-start"}]),
            asking(experimental_attachments=[{"name": "a.png", "url": PICTURE}]),
        ],
    },
    "LangChain": {
        "parallel_tool_calls": False,
        "messages": [
            asking(type="human", id=None, additional_kwargs={}, example=False),
            answering(
                type="ai",
                id="run-1",
                additional_kwargs={"refusal": None},
                response_metadata={
                    "model": "gpt-4o",
                    "model_name": "gpt-4o-2024-08-06",
                    "modelId": "anthropic.claude",
                    "model_provider": "openai",
                },
                usage_metadata={"input_tokens": 1},
            ),
            asking(),
        ],
    },
}


@pytest.fixture
def alice(house):
    house.http.on("POST", CHAT, complete_chat)
    with client_of(house.gateway, house.keys["alice"]) as client:
        yield client


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_front_end_s_request_arrives_as_it_was_sent(house, alice, name):
    for more in ({}, {"models": ["helper"]}):  # also where a further model is renamed
        body = {"model": "main", "temperature": 0.5} | FRONT_ENDS[name] | more
        answer = alice.post(CHAT, json=body)
        assert answer.is_success, answer.text
        sent = {"models": ["side"]} if more else {}
        assert house.http.calls[-1].json == body | sent


@pytest.mark.parametrize(
    "name",
    [
        "conversation_id",
        "conversationId",
        "thread",
        "thread_id",
        "threadId",
        "agent_id",
        "previous_message_id",
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/v1/messages", "/v1/responses"])
def test_what_some_upstream_reads_of_the_body_is_kept_apart(alice, unheard, path, name):
    body = {"model": "main", "input": "a", "max_tokens": 9, "messages": [asking()]}
    answer = alice.post(path, json=body | {name: "x"})
    assert answer.status_code == 400, answer.text
    assert name in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "message",
    [
        asking([{"type": "file", "file": {"file_id": "f"}}]),
        asking([{"type": "text", "text": "a", "thread_id": "t"}]),
        answering(audio={"id": "audio_1"}),
        answering(file_ids=["f"]),
        answering(vector_store_id="vs"),
        answering(response_metadata={"file_id": "f"}),
    ],
)
def test_so_is_what_some_upstream_reads_of_a_message(alice, unheard, message):
    answer = alice.post(CHAT, json={"model": "main", "messages": [asking(), message]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "object_not_owned")
