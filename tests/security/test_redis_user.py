"""The user that docs/operations.md has Redis make for the gateway may do what the gateway does."""

import re

import httpx
import pytest
import redis

from tests.security.signing_in import browser, sign_in
from tests.support import parts
from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.environment import ROOT
from tests.support.parts import Part
from tests.support.plain_http import PLAIN_HTTP
from tests.support.redis_server import RedisServer, bundled_executable
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

DOCUMENT = (ROOT / "docs" / "operations.md").read_text()


@pytest.fixture
def guarded_redis():
    """The URL of a Redis with the rules of the document."""
    executable = bundled_executable()
    found = executable and Part(name="Redis", version="bundled", address=str(executable))
    server = RedisServer(parts.require("Redis", found or None).address)
    try:
        server.start()
        [rules] = re.findall(r"^user (gatehouse .*)$", DOCUMENT, re.MULTILINE)
        with redis.Redis.from_url(server.url) as client:
            client.execute_command("ACL", "SETUSER", *rules.split())
            client.execute_command("ACL", "SETUSER", "default", "nopass", "-@all", "+ping")
        yield server.url.replace("//", "//gatehouse:password@")
    finally:
        server.close()


def test_the_gateway_lacks_no_right(start_gateway, guarded_redis):
    gateway = start_gateway(REDIS_URL=guarded_redis)
    with ScriptedUpstream(models=("open",)) as upstream:
        key = gateway.configured_for(
            "alice",
            connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["k"]}],
            grants=[{"models": ["open"], "everyone": True}],
        )
        with client_of(gateway, key) as client:
            wait_for_models(client, "open")
            headers = {"X-Gateway-Resumable": "true"}
            body = chat_body("open", stream=True)
            assert client.post(CHAT, json=body, headers=headers).status_code == 200
    with browser(gateway) as client:
        statuses = [sign_in(client, "somebody", "wrong").status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    ready = httpx.get(f"{gateway.url}/readyz", **PLAIN_HTTP).json()
    assert ready["redis"] == "ok"
    assert "NOPERM" not in gateway.log
    assert "permission" not in gateway.log


def test_the_document_shows_tls_and_a_password():
    [url, *_] = re.findall(r"export REDIS_URL='([^']+)'", DOCUMENT)
    address = redis.connection.parse_url(url)
    assert url.startswith("rediss://")
    assert (address["username"], address["password"]) == ("gatehouse", "password")
    assert address["ssl_ca_certs"] == "/etc/gatehouse/ca.pem"


def test_the_document_has_the_proxy_tell_addresses():
    assert "proxy_set_header X-Forwarded-For" in DOCUMENT
    assert "GATEWAY_TRUSTED_PROXIES=1" in DOCUMENT
