"""What every adapter owes: the client's words unchanged, the upstream's names, no secrets."""

from __future__ import annotations

import copy

import httpx
import orjson
import pytest

from connections.choices import API_TYPES
from connections.errors import NotSentError
from connections.providers.openai import OpenAIAdapter
from connections.providers.registry import ADAPTERS, adapter_for
from connections.request_extensions import DROPPED_EXTENSION
from tests.support.builders import SECRET, a_call, a_caller, an_upstream
from wire_formats.errors import UnsendableError

# Those that are sent what the client wrote, and those whose requests are rewritten.
PLAIN = ["openai", "azure", "openrouter", "ollama", "pipelines", "compatible"]
TRANSLATED = [
    "anthropic",
    "ollama native",
    "openai responses",
    "azure responses",
    "compatible responses",
]
PROVIDERS = [*PLAIN, *TRANSLATED]
CREDENTIAL = "sk-gw-of-the-client"
BODY = {
    "model": "public/name",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi \u2028 ☃", "x_extra": [None, {"a": 1.5}]},
    ],
    "temperature": None,
    "max_tokens": 5,
    "stream": True,
    "stream_options": {"include_usage": True},
    "x_unknown": {"deep": [1, None, "two"]},
}


def an_adapter(name: str, **fields: object) -> OpenAIAdapter:
    """The adapter of a provider, and of the API it is spoken to in: ``ollama native``."""
    provider, _, api_type = name.partition(" ")
    return adapter_for(an_upstream(provider=provider, api_type=api_type, **fields))


@pytest.fixture(params=PROVIDERS)
def adapter(request: pytest.FixtureRequest) -> OpenAIAdapter:
    return an_adapter(request.param, headers=(("X-Team", "search"),))


@pytest.fixture(params=PLAIN)
def plain_adapter(request: pytest.FixtureRequest) -> OpenAIAdapter:
    return an_adapter(request.param)


def sent(adapter: OpenAIAdapter, body: dict = BODY, **fields: object) -> httpx.Request:
    return adapter.request(a_call(body, credential=CREDENTIAL, **fields))


def test_every_adapter_is_in_this_suite() -> None:
    assert {" ".join(each).strip() for each in ADAPTERS} <= set(PROVIDERS)


def test_every_api_type_has_an_adapter() -> None:
    known = {(provider, api) for provider, apis in API_TYPES.items() for api in apis}
    assert known == {each for each in ADAPTERS if each[1]}


def test_the_model_is_the_upstreams(adapter: OpenAIAdapter) -> None:
    assert orjson.loads(sent(adapter).content)["model"] == "gpt-4o"


def test_everything_else_arrives_as_the_client_wrote_it(plain_adapter: OpenAIAdapter) -> None:
    request = sent(plain_adapter)
    arrived = orjson.loads(request.content)
    arrived.pop("user", None)  # pipelines are told who asks
    kept = [name for name in BODY if name not in request.extensions[DROPPED_EXTENSION]]
    assert arrived == {name: BODY[name] for name in kept} | {"model": "gpt-4o"}
    assert list(arrived) == kept


@pytest.mark.parametrize("model", ["gpt-4o", "o1-mini", "gpt-5"])
def test_the_clients_body_is_not_changed(adapter: OpenAIAdapter, model: str) -> None:
    body = copy.deepcopy(BODY)
    sent(adapter, body, model=model)
    assert body == BODY


def test_what_does_not_arrive_is_reported(adapter: OpenAIAdapter) -> None:
    request = sent(adapter)
    reported = request.extensions[DROPPED_EXTENSION]
    assert ("x_unknown" in orjson.loads(request.content)) != ("x_unknown" in reported)


def test_the_name_of_who_speaks_arrives_or_is_reported(adapter: OpenAIAdapter) -> None:
    said = {"role": "user", "content": "Hi", "name": "ada", "refusal": None}
    request = sent(adapter, {"model": "m", "messages": [said, said]})
    reported = request.extensions[DROPPED_EXTENSION]
    assert (b"ada" in request.content) == (reported == ())
    assert reported in {(), ("messages.name",)}


def test_a_reasoning_model_is_asked_in_its_own_terms(plain_adapter: OpenAIAdapter) -> None:
    arrived = orjson.loads(sent(plain_adapter, model="gpt-5").content)
    assert "max_tokens" not in arrived
    assert arrived["max_completion_tokens"] == 5
    assert [message["role"] for message in arrived["messages"]] == ["developer", "user"]


def test_other_endpoints_keep_their_body(plain_adapter: OpenAIAdapter) -> None:
    body = {"model": "gpt-5", "input": "x", "max_tokens": 5}
    request = sent(plain_adapter, body, endpoint="embeddings", model="gpt-5")
    assert orjson.loads(request.content) == body


def test_no_secret_is_in_the_unsigned_request(adapter: OpenAIAdapter) -> None:
    request = sent(adapter)
    everything = f"{request.url} {request.headers.raw} {request.content!r}"
    assert CREDENTIAL not in everything
    assert SECRET not in everything


def test_the_headers_are_the_gateways_and_the_connections(adapter: OpenAIAdapter) -> None:
    names = set(sent(adapter).headers) - {"http-referer", "x-title"}
    names -= {"anthropic-version"}
    gateways = {"content-length", "content-type", "accept", "accept-encoding", "user-agent"}
    assert names == gateways | {"x-team"}


def test_a_stream_is_asked_for_as_one(adapter: OpenAIAdapter) -> None:
    assert sent(adapter).headers["accept"] == "text/event-stream"
    assert sent(adapter, BODY | {"stream": False}).headers["accept"] == "application/json"


def test_the_user_is_named_only_where_that_is_switched_on(adapter: OpenAIAdapter) -> None:
    call = a_call(BODY, caller=a_caller(display_name="Zoë\r\nX-Evil: 1"), chat_id="c/1")
    headers = adapter.request(call, forward_user_info=True).headers
    assert headers["X-OpenWebUI-User-Name"] == "Zo%C3%AB%0D%0AX-Evil%3A 1"
    assert headers["X-OpenWebUI-Chat-Id"] == "c/1"
    assert not [name for name in adapter.request(call).headers if "openwebui" in name]


def test_a_connections_header_replaces_the_gateways_in_any_case() -> None:
    own = (("User-Agent", "mine"), ("http-referer", "https://me.example"))
    for provider in PROVIDERS:
        adapter = an_adapter(provider, headers=own)
        for request in (sent(adapter), adapter.models_request()):
            assert request.headers.get_list("user-agent") == ["mine"]
            assert request.headers.get_list("http-referer") == ["https://me.example"]


def test_a_header_may_hold_more_than_ascii(adapter: OpenAIAdapter) -> None:
    adapter = adapter_for(an_upstream(headers=(("X-Team", "Büro"),)))
    for request in (sent(adapter), adapter.models_request()):
        assert dict(request.headers.raw)[b"X-Team"] == "Büro".encode()


def test_the_list_is_asked_for_in_the_gateways_name() -> None:
    adapter = adapter_for(an_upstream(headers=(("X-Who", "{{USER_NAME}}/{{USER_ROLE}}"),)))
    request = adapter.models_request()
    assert (request.method, request.url.path) == ("GET", "/v1/models")
    assert request.headers["x-who"] == "Gatehouse/admin"


def test_what_is_nested_too_deeply_is_the_clients_fault(plain_adapter: OpenAIAdapter) -> None:
    deep: object = "x"
    for _ in range(300):
        deep = [deep]
    with pytest.raises(UnsendableError):
        sent(plain_adapter, BODY | {"messages": deep})


@pytest.mark.parametrize("model", ["../../admin", "a/b", "..", ".", "a\\b"])
def test_an_azure_deployment_cannot_leave_its_path(model: str) -> None:
    with pytest.raises(NotSentError):
        sent(adapter_for(an_upstream(provider="azure")), model=model)
