"""No client chooses the id of a response, and none takes over another's by a chosen one."""

import pytest

from tests.security.test_stored_objects import RESPONSES, answer_as, code_of, stream_of
from tests.support.api import client_of
from tests.support.responders import json_response
from tests.support.sockets import heard, open_socket, say

pytestmark = pytest.mark.acceptance

CHOOSING = [
    {"request_id": "resp_hers"},
    {"Request_ID": "resp_hers"},
    {"requestId": "resp_hers"},
    {"extra_body": {"request_id": "resp_hers"}},
]
MODEL = {"model": "main", "input": "a"}


@pytest.fixture
def people(house):
    with (
        client_of(house.gateway, house.keys["alice"]) as alice,
        client_of(house.gateway, house.keys["bob"]) as bob,
    ):
        yield alice, bob


@pytest.mark.parametrize("path", [RESPONSES, "/openai/v1/responses", "/openai/responses"])
@pytest.mark.parametrize("fields", CHOOSING)
def test_no_request_chooses_the_id_of_a_response(people, unheard, path, fields):
    for person in people:
        answer = person.post(path, json=MODEL | fields)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "unsupported_field"), answer.text
        assert f"`{error['param']}` is not accepted" in error["message"]


@pytest.mark.parametrize("fields", [*CHOOSING, {"response": {"request_id": "resp_hers"}}])
def test_no_message_of_a_socket_does(house, unheard, fields):
    with open_socket(house.gateway, house.keys["bob"], path=RESPONSES) as socket:
        say(socket, {"type": "response.create", "model": "talk", "input": "a"} | fields)
        assert code_of(socket) == "unsupported_field"


@pytest.mark.parametrize("is_streamed", [False, True])
def test_an_upstream_that_repeats_an_id_gives_it_to_nobody_else(house, people, is_streamed):
    made = {"id": f"resp_hers_{is_streamed}", "object": "response", "output": [{"id": "rs_hers"}]}
    answer = stream_of(made) if is_streamed else json_response(made)
    house.http.on("POST", RESPONSES, answer)
    alice, bob = people
    for person in people:
        assert person.post(RESPONSES, json=MODEL | {"stream": is_streamed}).is_success
    going_on = MODEL | {"previous_response_id": made["id"], "stream": is_streamed}
    refused = bob.post(RESPONSES, json=going_on)
    assert refused.json()["error"]["code"] == "previous_response_not_found"
    for path in (f"{RESPONSES}/{made['id']}", f"{RESPONSES}/{made['id']}/input_items"):
        assert bob.get(path).json()["error"]["code"] == "response_not_found"
    assert bob.delete(f"{RESPONSES}/{made['id']}").status_code == 404
    assert alice.post(RESPONSES, json=going_on).is_success


def test_nor_does_one_of_sockets(house):
    answer_as(house.sockets[0], "first")
    message = {"type": "response.create", "model": "talk", "input": "a"}
    for who in ("alice", "bob"):
        with open_socket(house.gateway, house.keys[who], path=RESPONSES) as socket:
            say(socket, message)
            assert [heard(socket)["type"] for _ in range(2)][-1] == "response.completed"
    going_on = message | {"previous_response_id": "resp_first"}
    with open_socket(house.gateway, house.keys["bob"], path=RESPONSES) as socket:
        say(socket, going_on)
        assert code_of(socket) == "previous_response_not_found"
    with open_socket(house.gateway, house.keys["alice"], path=RESPONSES) as socket:
        say(socket, going_on)
        assert heard(socket)["type"] == "response.created"
