"""What one user's responses left at an upstream is no other's, whichever way it is referred to.

Nor are the objects of the account that all users of a connection share, unless an admin says so.
"""

import json

import pytest

from tests.support.api import HELLO, client_of
from tests.support.responders import chunk, head, json_response, raw
from tests.support.sockets import heard, open_socket, say

pytestmark = pytest.mark.acceptance

RESPONSES, REALTIME = "/v1/responses", "/v1/realtime?model=talk"
ITEMS = [
    {"type": "reasoning", "id": "rs_NAME", "summary": []},
    {"type": "code_interpreter_call", "id": "ci_NAME", "container_id": "cntr_NAME"},
    {"type": "image_generation_call", "id": "ig_NAME"},
]
# Whatever refers to what alice has made, with NAME for the part of its id that differs.
REFERRING = [
    {"previous_response_id": "resp_NAME"},
    {"input": [{"type": "item_reference", "id": "rs_NAME"}]},
    {"input": [{"id": "ci_NAME"}]},
    {"input": [{"type": "image_generation_call", "id": "ig_NAME"}]},
    {"input": [ITEMS[0]]},
    {"input": [ITEMS[1]]},
    {"tools": [{"type": "code_interpreter", "container": "cntr_NAME"}]},
]
FILE_SOURCE = {"type": "document", "source": {"type": "file", "file_id": "file_1"}}
OBJECTS = [
    {"conversation": "conv_1"},
    {"conversation": {"id": "conv_1"}},
    {"prompt": {"id": "pmpt_1"}},
    {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
    {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["f"]}}]},
    {"container": {"id": "container_1"}},
    {"container": {"skills": [{"type": "custom", "skill_id": "s"}]}},
    {"thread": "thread_1"},
    {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]}]},
    {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]},
    {"messages": [{"role": "user", "content": [FILE_SOURCE]}]},
    {"extra_body": {"vector_store_ids": ["vs_1"]}},
]
ODD = [
    "Previous_Response_Id",
    "previousResponseId",
    "previou\u017f_response_id",
    "Conversation",
    "Prompt",
    "Vector_Store_Ids",
    "MODEL",
    "Models",
    "fallbac\u212as",
]
SURFACES = [
    "/v1/chat/completions",
    "/openai/chat/completions",
    "/openai/deployments/main/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/images/generations",
    "/v1/moderations",
    "/v1/rerank",
    "/v1/audio/speech",
    "/v1/responses",
    "/openai/v1/responses",
    "/v1/messages",
    "/anthropic/v1/messages",
    "/v1/messages/count_tokens",
]


def named(fields, name):
    return json.loads(json.dumps(fields).replace("NAME", name))


def body(model="main", **fields):
    """A body that every surface takes."""
    needed = {"messages": HELLO, "prompt": "a", "query": "a", "documents": ["a"], "voice": "alloy"}
    return {"model": model, "input": "a", "max_tokens": 9} | needed | fields


@pytest.fixture
def client(house):
    def of(name):
        return client_of(house.gateway, house.keys[name])

    return of


def error_of(answer):
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


def code_of(socket):
    event = heard(socket)
    assert event["type"] == "error", event
    return event["error"]["code"]


def answer_as(upstream, name):
    """Have a socket's upstream make a response of ``name`` to each message."""
    made = {"id": f"resp_{name}", "object": "response"}
    events = [
        {"type": "response.created", "response": made | {"output": []}},
        {"type": "response.completed", "response": made | {"output": named(ITEMS, name)}},
    ]

    def answer(socket, _message):
        for event in events:
            socket.send(json.dumps(event))

    upstream.answer = answer


def make_on_socket(house, name, *, who="alice", model="talk", upstream=0, **fields):
    answer_as(house.sockets[upstream], name)
    with open_socket(house.gateway, house.keys[who], path=RESPONSES) as socket:
        say(socket, {"type": "response.create", "model": model, "input": "a"} | fields)
        assert [heard(socket)["type"] for _ in range(2)][-1] == "response.completed"


def stream_of(made):
    events = [
        {"type": "response.created", "response": made | {"output": []}},
        {"type": "response.output_text.delta", "delta": "a"},
        {"type": "response.completed", "response": made},
    ]
    data = b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events)
    begin = head(content_type="text/event-stream", transfer_encoding="chunked")
    return raw(begin + chunk(data) + chunk(b""))


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def made(request, house, client):
    """The name of what alice made over HTTP."""
    name = "streamed" if request.param else "whole"
    answer = {"id": f"resp_{name}", "object": "response", "output": named(ITEMS, name)}
    house.http.on("POST", RESPONSES, stream_of(answer) if request.param else json_response(answer))
    with client("alice") as alice:
        fields = {"model": "main", "input": "a", "stream": request.param}
        assert alice.post(RESPONSES, json=fields).is_success
    house.http.on("POST", RESPONSES, json_response({"id": "resp_other", "object": "response"}))
    return name


@pytest.mark.parametrize("fields", REFERRING)
def test_what_was_made_over_http_is_its_owner_s_alone(house, client, made, fields):
    fields = {"model": "main"} | named(fields, made)
    with client("alice") as alice:
        assert alice.post(RESPONSES, json=fields).is_success
    before = house.seen
    with client("bob") as bob:
        error = error_of(bob.post(RESPONSES, json=fields))
    assert error["code"] in {"previous_response_not_found", "object_not_owned"}
    assert error["param"]
    assert house.seen == before


@pytest.mark.parametrize("fields", REFERRING)
def test_what_was_made_on_a_socket_is_its_owner_s_alone(house, fields):
    make_on_socket(house, "sock")
    message = {"type": "response.create", "model": "talk"} | named(fields, "sock")
    before = house.seen
    answer_as(house.sockets[0], "bobs")
    with open_socket(house.gateway, house.keys["bob"], path=RESPONSES) as socket:
        say(socket, message)
        assert code_of(socket) in {"previous_response_not_found", "object_not_owned"}
        say(socket, {"type": "response.create", "model": "talk", "input": "a"})
        assert heard(socket)["type"] == "response.created"
        assert heard(socket)["type"] == "response.completed"
        say(socket, message)  # behind one that was let through
        assert code_of(socket) in {"previous_response_not_found", "object_not_owned"}
    assert house.seen == before + 1
    with open_socket(house.gateway, house.keys["alice"], path=RESPONSES) as socket:
        say(socket, message)
        assert heard(socket)["type"] == "response.created"


def test_what_a_socket_made_is_asked_for_over_http_by_its_owner_alone(house, client):
    make_on_socket(house, "seen")
    with client("bob") as bob:
        for path in ("", "/input_items"):
            answer = bob.get(f"{RESPONSES}/resp_seen{path}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (
                404,
                "response_not_found",
            )
    with client("alice") as alice:  # an upstream of sockets has no such answer, but is asked
        assert alice.get(f"{RESPONSES}/resp_seen").json()["error"]["code"] != "response_not_found"


def test_a_response_of_http_is_no_other_s_on_a_socket(house, client, made, unheard):
    with open_socket(house.gateway, house.keys["bob"], path=RESPONSES) as socket:
        say(socket, {"type": "response.create", "model": "talk"} | named(REFERRING[0], made))
        assert code_of(socket) == "previous_response_not_found"


def test_a_socket_goes_to_where_the_earlier_response_is(house):
    answer_as(house.sockets[1], "far")
    make_on_socket(house, "far", model="second/talk", upstream=1)
    message = {
        "type": "response.create",
        "model": "talk",
        "input": "a",
        "previous_response_id": "resp_far",
    }
    with open_socket(house.gateway, house.keys["alice"], path=RESPONSES) as socket:
        say(socket, message)
        assert heard(socket)["response"]["id"] == "resp_far"
    assert house.sockets[1].messages[-1] == message
    assert house.sockets[0].messages == []


def test_a_socket_that_is_elsewhere_refuses_it(house):
    make_on_socket(house, "far", model="second/talk", upstream=1)
    answer_as(house.sockets[0], "near")
    with open_socket(house.gateway, house.keys["alice"], path=RESPONSES) as socket:
        say(socket, {"type": "response.create", "model": "talk", "input": "a"})
        assert [heard(socket)["type"] for _ in range(2)][-1] == "response.completed"
        say(socket, {"type": "response.create", "previous_response_id": "resp_far"})
        assert code_of(socket) == "previous_response_not_found"
    assert len(house.sockets[0].messages) == 1


def test_a_realtime_socket_keeps_no_responses(house, client):
    answer_as(house.sockets[0], "spoken")
    with open_socket(house.gateway, house.keys["alice"], path=REALTIME) as socket:
        say(socket, {"type": "response.create"})
        assert heard(socket)["type"] == "response.created"
    with client("alice") as alice:
        assert alice.get(f"{RESPONSES}/resp_spoken").status_code == 404


@pytest.mark.parametrize("path", SURFACES)
def test_no_surface_takes_an_object_of_the_account(house, client, unheard, path):
    with client("alice") as alice, client("root") as root:
        for fields in OBJECTS:
            answers = [who.post(path, json=body(**fields)) for who in (alice, root)]
            for answer in answers:
                error = error_of(answer)
                if "param" in error:
                    # Some endpoints take nothing but a string there in the first place.
                    is_of_no_use = error["param"] in {"prompt", "input"}
                    assert error["code"] == "object_not_owned" or is_of_no_use
                    assert next(iter(fields)) in error["param"]
                else:
                    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("path", SURFACES)
def test_no_surface_takes_a_guarded_field_in_another_spelling(house, client, unheard, path):
    with client("alice") as alice:
        for name in ODD:
            for fields in ({name: "x"}, {"tools": [{"type": "x", name: "x"}]}):
                error = error_of(alice.post(path, json=body() | fields))
                assert name in error["message"]
                assert error.get("param", name) == name


@pytest.mark.parametrize("path", SURFACES)
def test_no_surface_takes_another_s_response(house, client, unheard, path):
    with client("bob") as bob:
        answer = bob.post(path, json=body(previous_response_id="resp_whole"))
        assert "resp_whole" in error_of(answer)["message"]


@pytest.mark.parametrize("fields", [*OBJECTS, {"input": [{"id": "rs_1"}]}])
def test_a_connection_may_share_its_objects(house, client, fields):
    with client("alice") as alice:
        assert alice.post(RESPONSES, json=body("common.main", **fields)).is_success
    sent = house.http.calls[-1].json
    assert sent == body("main", **fields)
    with client("alice") as alice:
        response = alice.post(RESPONSES, json=body("common.main", previous_response_id="resp_x"))
    assert error_of(response)["code"] == "previous_response_not_found"


@pytest.mark.parametrize("path", [RESPONSES, REALTIME])
@pytest.mark.parametrize(
    "event",
    [
        {"type": "session.update", "session": {"prompt": {"id": "pmpt_1"}}},
        {"type": "session.update", "session": {"tools": [{"vector_store_ids": ["vs_1"]}]}},
        {"type": "session.update", "session": {"voice": {"id": "voice_1"}}},
        {"type": "response.create", "response": {"prompt": {"id": "pmpt_1"}}},
        {"type": "response.create", "response": {"conversation": "conv_1"}},
        {"type": "response.create", "response": {"previous_response_id": "resp_whole"}},
        {"type": "response.create", "previous_response_id": "resp_whole"},
        {"type": "response.create", "Previous_Response_Id": "resp_whole"},
        {"type": "response.create", "response": {"Conver\u017fation": "conv_1"}},
        {
            "type": "conversation.item.create",
            "item": {"type": "message", "content": [{"type": "input_image", "file_id": "f"}]},
        },
    ],
)
def test_no_event_of_a_socket_refers_to_them(house, unheard, path, event):
    with open_socket(house.gateway, house.keys["bob"], path=path) as socket:
        say(socket, event if path == REALTIME else event | {"model": "talk"})
        assert code_of(socket) in {
            "previous_response_not_found",
            "object_not_owned",
            "ambiguous_field",
        }


def test_items_of_the_account_are_not_referred_to_on_sockets(house, unheard):
    response = {"input": [{"type": "item_reference", "id": "a"}]}
    with open_socket(house.gateway, house.keys["bob"], path=RESPONSES) as socket:
        say(socket, {"type": "response.create", "model": "talk"} | response)
        assert code_of(socket) == "object_not_owned"


def test_a_realtime_session_s_items_are_its_own(house):
    event = {
        "type": "response.create",
        "response": {"input": [{"type": "item_reference", "id": "a"}]},
    }
    with open_socket(house.gateway, house.keys["bob"], path=REALTIME) as socket:
        say(socket, event)
        assert heard(socket)["message"] == event


def test_a_shared_account_s_objects_pass_on_sockets(house):
    event = {"type": "session.update", "session": {"prompt": {"id": "pmpt_1"}}}
    path = "/v1/realtime?model=common.talk"
    with open_socket(house.gateway, house.keys["bob"], path=path) as socket:
        say(socket, event)
        assert heard(socket)["message"] == event
        response = {"type": "response.create", "response": {"conversation": "none"}}
        say(socket, response)
        assert heard(socket)["message"] == response


def test_chats_over_sockets_are_held_to_the_same(house, unheard):
    with open_socket(house.gateway, house.keys["bob"]) as socket:
        for fields in OBJECTS:
            say(socket, body() | fields)
            assert heard(socket)["error"]["code"] == "object_not_owned"


def test_of_a_field_that_stands_twice_the_upstream_gets_what_was_looked_at(house, client):
    text = '{"model":"main","input":"a","prompt":{"id":"pmpt_1"},"\\u0070rompt":null}'
    with client("alice") as alice:
        headers = {"Content-Type": "application/json"}
        assert alice.post(RESPONSES, content=text, headers=headers).is_success
        assert b"pmpt_1" not in house.http.calls[-1].body
        turned = '{"model":"main","input":"a","prompt":null,"prompt":{"id":"pmpt_1"}}'
        assert error_of(alice.post(RESPONSES, content=turned, headers=headers))
