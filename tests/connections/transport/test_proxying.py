"""Requests through proxies: which of them take one, and what is guarded all the same."""

from __future__ import annotations

from base64 import b64encode

import httpx
import pytest
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from accounts.outgoing_proxies import Proxies
from connections.auth.entra_transport import EntraTransport, is_local
from connections.calling.client_of_settings import open_client
from connections.request_extensions import PROXY_EXTENSION
from connections.transport import AiohttpTransport
from connections.transport.proxying import proxying
from connections.upstream import Timeouts
from tests.support.forward_proxy import forward_proxy
from tests.support.upstream import ScriptedUpstream

SECONDS = Timeouts(connect=10, first_byte=10, idle=10, total=20)


@pytest.fixture
def upstream():
    with ScriptedUpstream() as upstream:
        yield upstream


async def asked(url: str, *, proxies: Proxies, own: str = "", allow_private: bool = True) -> int:
    transport = AiohttpTransport(proxy=proxies, allow_private=allow_private)
    request = httpx.Request("GET", f"{url}/models", extensions={PROXY_EXTENSION: own})
    try:
        response = await transport.handle_async_request(request)
        await response.aclose()
        return response.status_code
    finally:
        await transport.aclose()


def test_credentials_are_taken_out_of_the_url():
    found = proxying("http://us%40er:p%3Ass@proxy.example:3128")
    assert str(found.url) == "http://proxy.example:3128"
    assert found.authorization == f"Basic {b64encode(b'us@er:p:ss').decode()}"
    assert "Basic" not in repr(found)
    assert found.options("https")["proxy_headers"] == {"Proxy-Authorization": found.authorization}
    assert found.headers("http") == [("Proxy-Authorization", found.authorization)]
    assert found.headers("https") == []


async def test_credentials_are_sent_with_each_request_of_a_connection(upstream):
    with forward_proxy("user:pass") as proxy:
        url = proxy.url("user:pass")
        transport = AiohttpTransport(proxy=url)
        for _ in range(3):
            request = httpx.Request("GET", f"{upstream.url}/models")
            response = await transport.handle_async_request(request)
            assert response.status_code == 200
            await response.aread()
        await transport.aclose()
    assert (len(proxy.seen), proxy.refused) == (3, 0)


async def test_the_environment_counts_where_the_setting_says_so(upstream, settings, monkeypatch):
    with forward_proxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.setenv("no_proxy", "")
        for setting, count in (("", 0), ("environment", 1)):
            settings.GATEWAY_UPSTREAM_PROXY = setting
            async with open_client() as client:
                request = httpx.Request("GET", f"{upstream.url}/models")
                response = await client.send(request, auth=httpx.Auth(), timeouts=SECONDS)
                await response.aclose()
            assert len(proxy.seen) == count


async def test_a_private_upstream_is_reached_through_no_proxy_by_its_address(upstream):
    with forward_proxy() as proxy:
        proxies = Proxies(http=proxy.url(), https=proxy.url())
        with pytest.raises(httpx.ConnectError, match="refused"):
            await asked(upstream.url, proxies=proxies, allow_private=False)
        with pytest.raises(httpx.ConnectError, match="refused"):
            await asked("http://169.254.169.254", proxies=proxies)
    assert proxy.seen == []


async def test_what_goes_around_the_proxy_is_judged_by_its_name_too(upstream):
    proxies = Proxies(http="http://127.0.0.1:9", https="", exceptions="localhost")
    url = f"http://localhost:{upstream.port}/v1"
    assert await asked(url, proxies=proxies) == 200
    with pytest.raises(httpx.ConnectError, match="refused"):
        await asked(url, proxies=proxies, allow_private=False)
    with pytest.raises(httpx.ConnectError, match="refused"):
        await asked(url, proxies=Proxies(), own="none", allow_private=False)


async def test_a_metadata_service_is_no_proxy(upstream):
    with pytest.raises(httpx.ConnectError, match="refused"):
        await asked(upstream.url, proxies=Proxies(), own="http://169.254.169.254")


async def test_a_proxy_that_is_not_there_or_refuses_is_told(upstream):
    with pytest.raises(httpx.ProxyError, match="cannot be reached"):
        await asked(upstream.url, proxies=Proxies(), own="http://127.0.0.1:9")
    with (
        forward_proxy("user:pass") as proxy,
        pytest.raises(httpx.ProxyError, match="answers 407"),
    ):
        await asked(upstream.url, proxies=Proxies(), own=proxy.url("user:wrong"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://169.254.169.254/metadata/identity/oauth2/token", True),
        ("http://127.0.0.1:41741/msi/token", True),
        ("https://login.microsoftonline.com/x/oauth2/v2.0/token", False),
    ],
)
def test_a_managed_identity_is_asked_on_the_machine(monkeypatch, url, expected):
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token")
    assert is_local(url) == expected


async def test_what_entra_id_could_not_be_asked_holds_no_password():
    with forward_proxy("user:pa@ss") as proxy:
        for password, is_let_in in (("wrong", False), ("pa%40ss", True)):
            url = proxy.url(f"user:{password}")
            async with EntraTransport(Proxies(http=url, https=url)) as transport:
                with pytest.raises(AzureError) as told:
                    await transport.send(HttpRequest("GET", "https://127.0.0.1:9/"))
            assert ("407" not in str(told.value)) == is_let_in
            assert password not in f"{told.value!r} {told.value.__cause__!r} {told.value}"
        assert proxy.refused == 1
