from __future__ import annotations

import orjson
import pytest

from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION
from tests.support.builders import a_call, an_upstream

RESOURCE = "https://me.openai.azure.com"


def an_adapter(base_url: str = RESOURCE, api_version: str = "2025-01-01-preview"):
    return adapter_for(an_upstream(provider="azure", base_url=base_url, api_version=api_version))


@pytest.mark.parametrize("base_url", [RESOURCE, f"{RESOURCE}/openai"])
def test_deployment_name_goes_in_the_path(base_url: str) -> None:
    url = an_adapter(base_url).url("chat/completions", "my-gpt")
    path = "openai/deployments/my-gpt/chat/completions"
    assert url == f"{RESOURCE}/{path}?api-version=2025-01-01-preview"


def test_a_deployment_name_is_percent_encoded() -> None:
    url = an_adapter().url("chat/completions", "my gpt?x#%2e")
    assert "/deployments/my%20gpt%3Fx%23%252e/chat" in url


def test_the_v1_url_is_plain_openai() -> None:
    adapter = an_adapter(f"{RESOURCE}/openai/v1")
    assert adapter.url("chat/completions", "m") == f"{RESOURCE}/openai/v1/chat/completions"
    assert adapter.models_url() == f"{RESOURCE}/openai/v1/models"


@pytest.mark.parametrize("base_url", [RESOURCE, f"{RESOURCE}/openai"])
def test_verification_asks_the_resource_for_its_models(base_url: str) -> None:
    url = an_adapter(base_url).models_url()
    assert url == f"{RESOURCE}/openai/models?api-version=2025-01-01-preview"


def test_without_a_version_the_stable_one_is_used() -> None:
    assert an_adapter(api_version="").models_url().endswith("?api-version=2024-10-21")


def test_a_version_cannot_add_parameters() -> None:
    assert an_adapter(api_version="1&key=2").models_url().endswith("?api-version=1%26key%3D2")


def test_models_are_not_asked_for() -> None:
    assert not an_adapter().lists_models


def test_responses_name_their_deployment_in_the_body() -> None:
    adapter = an_adapter()
    for endpoint in ("responses", "responses/resp_1/cancel"):
        url = f"{RESOURCE}/openai/{endpoint}?api-version=2025-01-01-preview"
        assert adapter.url(endpoint, "my-gpt") == url


def test_a_realtime_socket_names_its_deployment_in_the_query() -> None:
    url = an_adapter().url("realtime", "my talk&x")
    query = "api-version=2025-01-01-preview&deployment=my%20talk%26x"
    assert url == f"{RESOURCE}/openai/realtime?{query}"


def test_a_realtime_socket_of_the_v1_url_is_plain_openai() -> None:
    url = an_adapter(f"{RESOURCE}/openai/v1").url("realtime", "talk")
    assert url == f"{RESOURCE}/openai/v1/realtime?model=talk"


VERSIONS = {
    "2024-06-01": ("stream_options", "store", "prediction"),
    "2024-09-01-preview": ("store", "prediction"),
    "2024-10-21": ("prediction",),
    "2025-01-01-preview": (),
    "preview": (),
}
ASKED = {
    "logprobs": True,
    "top_logprobs": 3,
    "parallel_tool_calls": False,
    "reasoning_effort": "low",
    "max_completion_tokens": 9,
    "stream_options": {"include_usage": True},
    "store": True,
    "prediction": {"type": "content", "content": "x"},
}


@pytest.mark.parametrize(("version", "dropped"), VERSIONS.items(), ids=VERSIONS)
def test_a_version_is_sent_what_it_knows_and_the_rest_is_told(
    version: str, dropped: tuple[str, ...]
) -> None:
    request = an_adapter(api_version=version).request(a_call({"messages": []} | ASKED))
    assert set(ASKED) - set(orjson.loads(request.content)) == set(dropped)
    assert request.extensions[DROPPED_EXTENSION] == dropped


def test_the_v1_url_and_other_endpoints_are_sent_everything() -> None:
    body = {"model": "gpt-4o", "x": 1}
    v1 = an_adapter(f"{RESOURCE}/openai/v1").request(a_call(body))
    embedding = an_adapter().request(a_call(body, endpoint="embeddings"))
    assert orjson.loads(v1.content) == orjson.loads(embedding.content) == body
