from __future__ import annotations

import pytest

from connections.providers.registry import adapter_for
from tests.support.builders import a_call, an_upstream


@pytest.mark.parametrize("is_list", [True, False])
def test_requests_name_this_gateway(settings, is_list: bool) -> None:
    settings.GATEWAY_ATTRIBUTION_URL = "https://chat.example.org"
    settings.GATEWAY_ATTRIBUTION_TITLE = "Büro"
    adapter = adapter_for(an_upstream(provider="openrouter"))
    headers = (adapter.models_request() if is_list else adapter.request(a_call())).headers
    assert (headers["http-referer"], headers["x-title"]) == ("https://chat.example.org", "Büro")


def test_no_other_provider_is_told() -> None:
    request = adapter_for(an_upstream(provider="compatible")).request(a_call())
    assert not {"http-referer", "x-title"} & set(request.headers)
