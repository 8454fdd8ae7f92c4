"""A field that names a further model opens no way to one that was not granted."""

import json

import pytest

from tests.security.test_stored_objects import REALTIME, RESPONSES, SURFACES, body
from tests.support.api import client_of
from tests.support.sockets import heard, open_socket, say

pytestmark = pytest.mark.acceptance

# MODEL stands for a further model.
NAMING = [
    {"models": ["main", "MODEL"], "route": "fallback"},
    {"models": "MODEL"},
    {"fallbacks": ["MODEL"]},
    {"fallbacks": "MODEL"},
    {"fallbacks": [{"model": "MODEL", "temperature": 0}]},
    {"fallbacks": [{"main": ["MODEL"]}]},
    {"fallbacks": {"main": ["MODEL"]}},
    {"fallbacks": [{"MODEL": ["main"]}]},
    {"context_window_fallbacks": [{"main": ["MODEL"]}]},
    {"context_window_fallback_dict": {"main": "MODEL"}},
    {"content_policy_fallbacks": [{"main": ["MODEL"]}]},
    {"tools": [{"type": "image_generation", "model": "MODEL"}]},
    {"tools": [{"type": "advisor_20260301", "name": "advisor", "model": "MODEL"}]},
    {"tools": [{"type": "openrouter:advisor", "parameters": {"model": "MODEL"}}]},
    {"plugins": [{"id": "auto-router", "allowed_models": ["MODEL"]}]},
    {"plugins": [{"id": "fusion", "analysis_models": ["MODEL"], "model": "MODEL"}]},
    {"extra_body": {"model": "MODEL"}},
    {"extra_body": {"models": ["MODEL"]}},
    {"deployment_id": "MODEL"},
    {"judge_model": "MODEL"},
]
DENIED = ["secret", "one/secret", "no-such-model", "*"]


def naming(fields, model):
    return json.loads(json.dumps(fields).replace("MODEL", model))


@pytest.fixture
def alice(house):
    with client_of(house.gateway, house.keys["alice"]) as client:
        yield client


@pytest.fixture
def root(house):
    with client_of(house.gateway, house.keys["root"]) as client:
        yield client


@pytest.mark.parametrize("path", SURFACES)
def test_every_surface_denies_it_as_if_there_were_none(alice, unheard, path):
    for fields in NAMING:
        for model in DENIED:
            answer = alice.post(path, json=body(**naming(fields, model)))
            assert answer.status_code == 404, (fields, model, answer.text)
            error = answer.json()["error"]
            assert f"The model `{model}` does not exist" in error["message"]
            assert next(iter(fields)) in error.get("param", next(iter(fields)))


@pytest.mark.parametrize("path", SURFACES)
def test_one_of_another_connection_is_refused_by_its_field(alice, root, unheard, path):
    for client in (alice, root):
        for fields in NAMING:
            answer = client.post(path, json=body(**naming(fields, "elsewhere")))
            error = answer.json()["error"]
            assert answer.status_code == 400, answer.text
            assert next(iter(fields)) in error["message"]
            assert error.get("code", "model_not_served_together") == "model_not_served_together"


@pytest.mark.parametrize("path", ["/v1/chat/completions", RESPONSES])
@pytest.mark.parametrize("name", ["helper", "one/side"])
@pytest.mark.parametrize("who", ["alice", "root"])
def test_the_upstream_gets_its_own_name_of_it(house, request, path, name, who):
    client = request.getfixturevalue(who)
    for fields in NAMING:
        assert client.post(path, json=body(**naming(fields, name))).is_success
        assert house.http.calls[-1].json == body(**naming(fields, "side"))


def test_the_targets_that_have_it_are_asked(house, alice):
    fields = {"models": ["common.main"]}
    assert alice.post(RESPONSES, json=body("common.main", **fields)).is_success
    assert house.http.calls[-1].json == body("main", models=["main"])


@pytest.mark.parametrize("name", ["model_list", "litellm_params", "router_settings"])
def test_nobody_sets_up_models_of_their_own(alice, root, unheard, name):
    for client in (alice, root):
        fields = {name: [{"model_name": "main", "litellm_params": {"api_base": "http://a"}}]}
        answer = client.post(RESPONSES, json=body(**fields))
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, name)


@pytest.mark.parametrize("path", ["images/edits", "images/variations", "audio/transcriptions"])
@pytest.mark.parametrize("base", ["/v1", "/openai", "/openai/deployments/main"])
def test_no_form_names_one(alice, root, unheard, base, path):
    for name in ("models", "models[]", "fallbacks[0][model]", "model[]", "model[0]", "Models"):
        for client in (alice, root):
            fields = {"model": "main", "prompt": "a", name: "main"}
            files = {"file": b"a", "image": b"a"}
            answer = client.post(f"{base}/{path}", data=fields, files=files)
            assert (answer.status_code, answer.json()["error"]["param"]) == (400, name)


@pytest.mark.parametrize("path", ["images/edits", "audio/transcriptions"])
def test_no_form_refers_to_an_object(alice, unheard, path):
    for name in ("file_id", "file_ids[]", "vector_store_ids", "prompt[id]", "container", "File_ID"):
        files = {"file": b"a", "image": b"a"}
        answer = alice.post(f"/v1/{path}", data={"model": "main", name: "x"}, files=files)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, name)


@pytest.mark.parametrize("path", [RESPONSES, REALTIME])
def test_no_message_of_a_socket_names_one(house, unheard, path):
    with open_socket(house.gateway, house.keys["alice"], path=path) as socket:
        for fields in NAMING:
            for model, code in (("hidden", "model_not_found"), ("elsewhere", None)):
                message = naming(fields, model)
                for shape in (message, {"session": message}, {"response": message}):
                    text = json.dumps(shape).replace('"main"', '"talk"')
                    say(socket, {"type": "x", "model": "talk"} | json.loads(text))
                    error = heard(socket)["error"]
                    assert error["code"] == (code or "model_not_served_together")


def test_a_socket_s_further_model_is_renamed(house):
    path = "/v1/realtime?model=common.talk"
    session = {
        "model": "common.talk",
        "audio": {"input": {"transcription": {"model": "open/listen"}}},
    }
    with open_socket(house.gateway, house.keys["root"], path=path) as socket:
        say(socket, {"type": "session.update", "session": session})
        sent = heard(socket)["message"]["session"]
    assert sent == {"model": "talk", "audio": {"input": {"transcription": {"model": "listen"}}}}
