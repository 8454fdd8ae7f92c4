"""A model that was not granted, or that the key is not for: denied alike however it is asked for.

And no call upstream.
"""

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tests.security.routes import routes_of
from tests.support.api import CHAT, HELLO, chat_body, client_of
from tests.support.sockets import heard, open_socket, say

pytestmark = pytest.mark.acceptance

JSON = {"Content-Type": "application/json"}
# Keys for browsers name it in their session. Conversations are of no model, nor is what is about
# the caller.
NAMING_NO_MODEL = (
    "/config",
    "/verify",
    "/cancel",
    "/passthrough/",
    "/client_secrets",
    "/conversations",
    "/me/",
)
MODEL_ROUTES = [
    route.path
    for route in routes_of("gateway_project.api_urls")
    if "post" in route.methods and not any(part in route.path for part in NAMING_NO_MODEL)
]
UPLOADS = ("/images/edits", "/images/variations", "/audio/transcriptions", "/audio/translations")
# By its own name, behind its connection's name, under a prefix, an alias, and one there is not.
DENIED = ["secret", "scripted/secret", "lab/secret", "lab.open", "nickname", "no-such-model"]

# What the endpoints ask for besides a model, whatever their kind.
ANY_INPUT = {"prompt": "a", "input": "a", "query": "a", "documents": ["a"], "voice": "alloy"}


# Where a model is named without a body.
QUERIES = ("/audio/voices",)
BASES = ("/v1", "/openai/v1", "/openai", "")


@pytest.fixture(params=["alice", "narrowed"])
def key(request, keys):
    """Of someone who is granted ``open`` alone, and of staff with a key that is for it alone."""
    return keys[request.param]


@pytest.fixture
def caller(gateway, key):
    with client_of(gateway, key) as client:
        yield client


@pytest.fixture
def no_calls(upstream):
    before = len(upstream.calls)
    yield
    assert len(upstream.calls) == before


def assert_unknown(answer, model):
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert "model_not_found" in error.values() or error["type"] == "not_found_error"
    assert error["message"].replace(model, "…") == (
        "The model `…` does not exist or you do not have access to it."
    )


@pytest.mark.parametrize("path", MODEL_ROUTES)
@pytest.mark.parametrize("stream", [False, True])
def test_every_endpoint_denies_it_alike(caller, no_calls, path, stream):
    for model in DENIED:
        deployment = path.replace("/deployments/open/", f"/deployments/{model}/")
        named_in_body = "open" if deployment != path else model
        body = chat_body(named_in_body, stream=stream, **ANY_INPUT)
        if path.endswith(UPLOADS):
            fields = {"model": named_in_body, "prompt": "a", "stream": str(stream).lower()}
            answer = caller.post(deployment, data=fields, files={"file": b"a", "image": b"a"})
        else:
            answer = caller.post(deployment, json=body)
        assert_unknown(answer, model)


@pytest.mark.parametrize("path", [path for path in MODEL_ROUTES if "/deployments/" not in path])
def test_no_second_model_opens_the_way_for_it(caller, no_calls, path):
    granted = {"model": "open"}
    if path.endswith(UPLOADS):
        files = {"file": b"a", "image": b"a"}
        fields = {"model": ["open", "secret"], "prompt": "a"}
        assert caller.post(path, data=fields, files=files).status_code in {400, 404}
        answer = caller.post(path, params=granted, data=fields | {"model": "secret"}, files=files)
    else:
        body = orjson.dumps(chat_body("open", **ANY_INPUT))[:-1] + b',"model":"secret"}'
        assert_unknown(caller.post(path, content=body, headers=JSON), "secret")
        answer = caller.post(path, params=granted, json=chat_body("secret", **ANY_INPUT))
    assert_unknown(answer, "secret")


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("model", DENIED)
def test_a_key_for_browsers_denies_it_alike(caller, no_calls, base, model):
    body = {"session": {"model": model}}
    assert_unknown(caller.post(f"{base}/realtime/client_secrets", json=body), model)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("path", QUERIES)
@pytest.mark.parametrize("model", DENIED)
def test_a_query_denies_it_alike(caller, no_calls, base, path, model):
    assert_unknown(caller.get(f"{base}{path}", params={"model": model}), model)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("model", DENIED)
def test_a_chat_over_a_socket_denies_it_alike(gateway, key, no_calls, base, model):
    with open_socket(gateway, key, path=f"{base}/chat/completions") as socket:
        say(socket, chat_body(model, stream=True))
        answer = heard(socket)
        assert (answer["type"], answer["status"]) == ("error", 404)
        assert answer["error"]["code"] == "model_not_found"
        socket.send(orjson.dumps(chat_body("open"))[:-1].decode() + f',"model":"{model}"}}')
        assert heard(socket)["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("model", DENIED)
def test_sockets_that_are_passed_on_deny_it_alike(gateway, key, no_calls, base, model):
    with pytest.raises(InvalidStatus) as refused:
        open_socket(gateway, key, path=f"{base}/realtime?model={model}")
    assert refused.value.response.status_code == 404
    with open_socket(gateway, key, path=f"{base}/responses") as socket:
        say(socket, {"type": "response.create", "model": model, "input": "a"})
        assert heard(socket)["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("model", DENIED)
def test_it_is_neither_listed_nor_described(caller, base, model):
    assert {entry["id"] for entry in caller.get(f"{base}/models").json()["data"]} == {"open"}
    assert_unknown(caller.get(f"{base}/models/{model}"), model)
    assert_unknown(caller.get(f"{base}/models/{model.replace('/', '%2F')}"), model)


def test_a_model_in_the_query_counts_for_nothing(caller, upstream):
    answer = caller.post(f"{CHAT}?model=secret", json=chat_body("open"))
    assert answer.is_success
    assert (upstream.calls[-1].target, upstream.calls[-1].json["model"]) == (CHAT, "open")


def test_a_model_in_the_query_does_not_stand_in_for_the_body(caller, no_calls):
    assert caller.post(f"{CHAT}?model=open", json={"messages": HELLO}).status_code == 400
    assert caller.post(f"{CHAT}?model=open", json=chat_body("secret")).status_code == 404


@pytest.mark.parametrize("models", [("open", "secret"), ("secret", "open")])
def test_of_two_models_the_upstream_gets_the_one_that_was_authorised(caller, upstream, models):
    messages = orjson.dumps(HELLO)
    body = b'{"model":"%b","messages":%b,"model":"%b"}' % (
        models[0].encode(),
        messages,
        models[1].encode(),
    )
    before = len(upstream.calls)
    answer = caller.post(CHAT, content=body, headers=JSON)
    if answer.is_success:
        assert b"secret" not in upstream.calls[-1].body
    else:
        assert answer.status_code in {400, 404}
        assert len(upstream.calls) == before


@pytest.mark.parametrize("name", ["Model", "MODEL", "mOdel"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_field_that_some_upstreams_would_take_for_the_model_is_refused(
    alice, no_calls, name, is_first
):
    body = {"messages": HELLO, "model": "open"}
    body = {name: "secret", **body} if is_first else {**body, name: "secret"}
    answer = alice.post(CHAT, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == list(body)[-1]


@pytest.mark.parametrize(
    "model",
    [
        "../open",
        "../../admin",
        "open/../secret",
        "open/..",
        ".",
        "..%2f..%2fadmin",
        "%2e%2e%2fadmin",
        "%252e%252e%252fadmin",
        "..\\..\\admin",
        "open\\..\\secret",
        "open?api-version=1",
        "open#fragment",
        "open;secret",
        "open\r\nX-Injected: 1",
        "open\n",
        "open\x00",
        "open\u2028",
        " open",
        "OPEN",
        "x" * 4096,
        "",
        "*",
    ],
)
def test_a_name_that_is_no_models_is_refused(root, no_calls, model):
    answer = root.post(CHAT, json=chat_body(model))
    assert answer.status_code in {400, 404}
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert len(answer.content) < 1000


@pytest.mark.parametrize("model", [None, 1, True, ["open"], {"id": "open"}, {"$ne": ""}])
def test_a_model_that_is_no_text_is_refused(root, no_calls, model):
    assert root.post(CHAT, json=chat_body(model)).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "..%2fconfig",
        "%252e%252e%252fconfig",
        "..%5c..%5cconfig",
        "open%0d%0aX-Injected:%201",
        "open%00",
        "open%3fx",
        "x" * 4096,
    ],
)
def test_a_path_that_names_no_model_is_404(root, path):
    answer = root.get(f"/v1/models/{path}")
    assert answer.status_code in {400, 404}
    assert "x-injected" not in answer.headers
    assert len(answer.content) < 1000
