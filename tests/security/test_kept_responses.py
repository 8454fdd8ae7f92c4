"""What the gateway keeps of responses is for the user alone for whom it was made."""

import json

import pytest

from tests.security.test_stored_objects import RESPONSES, SURFACES, body, error_of
from tests.support.api import client_of
from tests.support.responders import json_response
from tests.support.sockets import heard, open_socket, say

pytestmark = pytest.mark.acceptance

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "opus",
    "content": [{"type": "text", "text": "The word is xyzzy."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 9, "output_tokens": 2},
}


@pytest.fixture
def client(house):
    def of(name):
        return client_of(house.gateway, house.keys[name])

    return of


@pytest.fixture
def kept(house, client):
    """What the gateway keeps for alice: a response, and a conversation that it is part of."""
    house.http.on("POST", "/v1/messages", json_response(MESSAGE))
    with client("alice") as alice:
        conversation = alice.post("/v1/conversations", json={}).json()["id"]
        fields = {"model": "opus", "input": "Say it.", "conversation": conversation}
        made = alice.post(RESPONSES, json=fields).json()
    assert made["store"]
    return made


def referring(kept):
    """Whatever goes on from what was kept."""
    item = kept["output"][0]["id"]
    return [
        {"previous_response_id": kept["id"]},
        {"conversation": kept["conversation"]},
        {"conversation": kept["conversation"]["id"]},
        {"input": [{"type": "item_reference", "id": item}]},
        {"input": [{"id": item}]},
    ]


@pytest.mark.parametrize("who", ["bob", "root"])
@pytest.mark.parametrize("below", ["", "/input_items", "?stream=true", "/cancel"])
def test_nobody_else_reads_it(client, kept, unheard, who, below):
    path = f"{RESPONSES}/{kept['id']}{below}"
    with client(who) as other:
        answers = [other.post(path)] if below == "/cancel" else [other.get(path)]
        answers += [] if below else [other.delete(path)]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "response_not_found")
    with client("alice") as alice:
        assert alice.get(f"{RESPONSES}/{kept['id']}").json() == kept


@pytest.mark.parametrize("model", ["opus", "main"])
@pytest.mark.parametrize("path", [RESPONSES, f"{RESPONSES}/input_tokens", f"{RESPONSES}/compact"])
def test_nobody_else_goes_on_from_it(client, kept, unheard, path, model):
    with client("bob") as bob:
        for fields in referring(kept):
            answer = bob.post(path, json={"model": model} | fields)
            assert answer.status_code in {400, 404}, answer.text
            assert answer.json()["error"]["code"].endswith("not_found")
            assert "xyzzy" not in answer.text


def test_nobody_else_goes_on_from_it_over_a_socket(house, kept, unheard):
    for model in ("opus", "talk"):
        for fields in referring(kept):
            with open_socket(house.gateway, house.keys["bob"], path=RESPONSES) as socket:
                say(socket, {"type": "response.create", "model": model} | fields)
                told = heard(socket)
                assert told["error"]["code"].endswith("not_found"), told


@pytest.mark.parametrize("path", sorted({*SURFACES} - {RESPONSES, "/openai/v1/responses"}))
def test_no_other_surface_goes_on_from_it(client, kept, unheard, path):
    with client("alice") as alice:
        for fields in referring(kept)[:3]:
            error_of(alice.post(path, json=body(**fields)))


def test_guards_see_what_is_gone_on_from(house, client, unheard):
    """What a conversation was given is refused where a request with it would be."""
    picture = {"type": "input_image", "file_id": "file_1"}
    item = {"type": "message", "role": "user", "content": [picture]}
    with client("alice") as alice:
        made = alice.post("/v1/conversations", json={"items": [item]}).json()
        fields = {"model": "main", "input": "a", "conversation": made["id"]}
        error = error_of(alice.post(RESPONSES, json=fields))
    assert (error["code"], error["param"]) == ("object_not_owned", "input[0].content[0].file_id")


def test_what_is_kept_is_encrypted(house, kept):
    tables = ["proxy.OwnResponse", "proxy.OwnItem", "proxy.ConversationItem"]
    rows = house.gateway.manage("dumpdata", *tables).stdout
    assert kept["id"] in rows
    assert "xyzzy" not in json.dumps(json.loads(rows))
