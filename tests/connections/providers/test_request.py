"""What of a call goes into the request besides its body."""

import pytest

from connections.providers.registry import adapter_for
from tests.support.builders import a_call, an_upstream


def request_for(call, **fields):
    return adapter_for(an_upstream(**fields)).request(call)


def test_a_get_has_a_query_and_no_body():
    call = a_call({}, endpoint="responses/resp_1", method="GET", query="include=a&stream=false")
    request = request_for(call)
    assert request.method == "GET"
    assert str(request.url) == "https://one.example/v1/responses/resp_1?include=a&stream=false"
    assert (request.content, "content-type" in request.headers) == (b"", False)


def test_a_query_stands_behind_the_one_of_azure():
    call = a_call({}, method="GET", query="limit=2")
    url = request_for(call, provider="azure", api_version="2024-10-21").url
    assert url.query == b"api-version=2024-10-21&limit=2"


def test_headers_of_the_client_are_sent():
    request = request_for(a_call(headers=(("openai-beta", "responses=v1"),)))
    assert request.headers["openai-beta"] == "responses=v1"


@pytest.mark.parametrize(
    ("own", "sent"), [({}, "2024-01-01"), ({"Anthropic-Version": "2023-01-01"}, "2023-01-01")]
)
def test_headers_of_the_admin_outrank_those_of_the_client(own, sent):
    call = a_call(endpoint="messages", headers=(("anthropic-version", "2024-01-01"),))
    request = request_for(call, provider="anthropic", headers=tuple(own.items()))
    assert request.headers.get_list("anthropic-version") == [sent]
