"""Addresses that no request reaches, however they are written."""

from __future__ import annotations

import httpx
import pytest

from connections.transport import AiohttpTransport

METADATA_HOSTS = [
    "169.254.169.254",
    "169.254.170.2",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.254.169.0xFE",
    "0251.0376.43518",
    "169.16689662",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[2002:a83f:8110::]",
    "[::a9fe:a9fe]",
    "[::169.254.169.254]",
    "[0:0:0:0:0:0:a9fe:a9fe]",
    "[::ffff:0:a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[64:ff9b:1:a9fe:a9:fe00::]",
    "[64:ff9b:1:a9:fe:a9fe::]",
    "[64:ff9b:1:7:a9:fea9:fe00:0]",
    "[64:ff9b:1:ffff::6464:64c8]",
    "[2001:db8:64::a9fe:a9fe]",
    "[2001:0:a9fe:a9fe::]",
    "[2001:0:102:304::5601:5601]",
    "[2001:db8::5efe:a9fe:1234]",
    "[2001:db8::200:5efe:a9fe:1234]",
    "[fd20:ce::254]",
    "[fd00:ec2::23]",
    "[fd00:42::42]",
    "[fe80::a9fe:a9fe]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
]
PRIVATE_HOSTS = [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f000001",
    "0177.1",
    "0.0.0.0",
    "10.1.2.3",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
]


async def refusal(transport: AiohttpTransport, host: str, port: int = 9) -> str:
    request = httpx.Request("POST", f"http://{host}:{port}/v1/models", content=b"{}")
    with pytest.raises(httpx.ConnectError) as caught:
        await transport.handle_async_request(request)
    await transport.aclose()
    return str(caught.value)


@pytest.mark.parametrize("host", METADATA_HOSTS)
async def test_metadata_services_are_refused(host):
    assert await refusal(AiohttpTransport(), host) == "This address is refused."


@pytest.mark.parametrize("host", METADATA_HOSTS)
async def test_metadata_services_are_refused_behind_a_proxy_too(host):
    transport = AiohttpTransport(proxy="http://127.0.0.1:9")
    assert await refusal(transport, host) == "This address is refused."


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
async def test_private_addresses_are_refused_where_they_are_not_allowed(upstream, host):
    transport = AiohttpTransport(allow_private=False)
    assert await refusal(transport, host, upstream.port) == "This address is refused."
    assert upstream.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_private_addresses_are_reached_where_they_are_allowed(transport, upstream, host):
    request = httpx.Request("GET", f"http://{host}:{upstream.port}/v1/models")
    assert (await transport.handle_async_request(request)).status_code == 200


async def test_an_address_with_a_dot_behind_it_reaches_nothing(transport):
    assert await refusal(transport, "169.254.169.254.")
