from __future__ import annotations

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.calling.client import UpstreamClient
from connections.calling.model_lists import ListingError, list_models, normalise
from connections.calling.open_connection import OpenConnection
from connections.providers.registry import adapter_for
from tests.support.builders import SECRET, an_upstream

PLAIN = adapter_for(an_upstream())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "data", "models", "object"]), inner, max_size=3)
    ),
)


async def listed(answer: httpx.Response | Exception, **upstream: object) -> list[str]:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = UpstreamClient(httpx.MockTransport(respond))
    models = await list_models(client, OpenConnection.open(an_upstream(**upstream)))
    return [model["id"] for model in models]


@pytest.mark.parametrize(
    "answer",
    [
        {"object": "list", "data": [{"id": "a"}, {"id": "b"}]},
        {"data": ["a", "b"]},
        {"models": [{"id": "a"}, "b"]},
        [{"id": "a"}, {"id": "b"}],
    ],
)
async def test_every_form_of_list_is_read(answer: object) -> None:
    assert await listed(httpx.Response(200, json=answer)) == ["a", "b"]


def test_entries_stay_as_they_are() -> None:
    entry = {"id": "a", "pricing": {"prompt": "0.1"}, "created": None}
    assert normalise(orjson.dumps({"data": [entry]}), PLAIN) == [entry]


@pytest.mark.parametrize(
    "entry", [None, 5, [], {}, {"id": ""}, {"id": 5}, {"id": "a\nb"}, "", "\0"]
)
def test_what_is_no_model_is_left_out(entry: object) -> None:
    assert normalise(orjson.dumps({"data": [entry, "a"]}), PLAIN) == [{"id": "a"}]


def test_an_entry_that_could_not_be_shown_is_left_out() -> None:
    deep = b'{"id": "deep", "x": ' + b"[" * 252 + b"]" * 252 + b"}"
    [model] = normalise(b'{"data": [' + deep + b', {"id": "a"}]}', PLAIN)
    assert model == {"id": "a"}


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"5", b"{}", b'{"data": null}', b'"a"'])
def test_what_holds_no_list_is_an_error(body: bytes) -> None:
    with pytest.raises(ListingError):
        normalise(body, PLAIN)


@given(json_values)
def test_any_json_is_a_list_or_an_error(answer: object) -> None:
    try:
        models = normalise(orjson.dumps(answer), PLAIN)
    except ListingError:
        return
    assert all(isinstance(model["id"], str) and model["id"] for model in models)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, text=f"bad key {SECRET}"),
        httpx.Response(302, headers={"location": "https://evil.example"}),
        httpx.Response(204),
        httpx.ConnectError(f"https://one.example?key={SECRET}"),
        httpx.ReadTimeout("silence"),
    ],
)
async def test_an_upstream_that_gives_no_list_is_an_error_without_secrets(answer: object) -> None:
    with pytest.raises(ListingError) as caught:
        await listed(answer)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("upstream", [{"secrets": ("",)}, {"base_url": "http://☃.example/v1"}])
async def test_a_connection_that_cannot_ask_is_an_error(upstream: dict) -> None:
    with pytest.raises(ListingError):
        await listed(httpx.Response(200, json=[]), **upstream)
