"""Keys that come in a URL, or anywhere else in a handshake, stay out of the log."""

import re

import pytest
from websockets.exceptions import InvalidStatus

from accounts.keys import generate
from tests.support.api import exchange, request_bytes
from tests.support.live import live_gateway
from tests.support.processes import wait_until
from tests.support.sockets import open_socket

pytestmark = pytest.mark.acceptance

PATHS = ("/v1/chat/completions", "/v1/realtime", "/v1/responses", "/openai/realtime", "/nothing")
CANARY = "canary-5be1f0c2"
QUERIES = (
    "api-key={}",
    "model=m&api-key={}",
    "api_key={}&api-version=1",
    "API%2DKEY={}",
    "subscription-key={}",
    "{}",
    'a="&b={}',
    "access_token={}",
)


@pytest.fixture(scope="module", params=["json", "console"])
def gateway(request, stores, tmp_path_factory):
    directory = tmp_path_factory.mktemp("logs")
    options = {"LOG_FORMAT": request.param, "LOG_LEVEL": "debug"}
    with live_gateway(stores, "sqlite+memory", directory, **options) as gateway:
        yield gateway


@pytest.fixture
def key(gateway):
    return gateway.api_key("alice")


def tried(gateway, path, **options):
    """Whether a handshake is accepted, or the status with which it is refused."""
    try:
        with open_socket(gateway, path=path, **options):
            return True
    except InvalidStatus as exc:
        return exc.response.status_code


@pytest.mark.parametrize("path", PATHS)
def test_no_handshake_leaves_a_key_in_the_log(gateway, key, path):
    for secret in (CANARY, key, generate()):
        for query in QUERIES:
            tried(gateway, path=f"{path}?{query.format(secret)}", key=key)
        subprotocols = ["realtime", f"openai-insecure-api-key.{secret}"]
        tried(gateway, path=path, subprotocols=subprotocols)
        headers = {"api-key": secret, "Cookie": f"sessionid={secret}", "X-Api-Key": secret}
        tried(gateway, path=path, additional_headers=headers)
    wait_until(lambda: path in gateway.log, what="a line about the handshake")
    assert CANARY not in gateway.log
    assert key[8:] not in gateway.log
    assert not re.findall(r"sk-gw-[A-Za-z0-9]", gateway.log)


def test_no_request_leaves_a_key_in_the_log(gateway, key):
    for path in ("/v1/models", "/admin/", "/accounts/login/", "/nothing", "/livez"):
        for query in QUERIES:
            target = f"{path}?{query.format(CANARY)}".replace('"', "%22")
            host = f"Host: 127.0.0.1:{gateway.port}"
            exchange(gateway.port, request_bytes(target, host, f"api-key: {CANARY}"))
            exchange(gateway.port, request_bytes(target, "Host: evil.example"))
        exchange(gateway.port, request_bytes(f"http://u:{CANARY}@x{path}", "Host: x"))
    assert CANARY not in gateway.log


@pytest.mark.parametrize("name", ["api-key", "api_key"])
def test_a_key_in_the_query_opens_a_socket_only_where_the_setting_says_so(start_gateway, name):
    path = f"/v1/chat/completions?{name}="
    closed, open_ = start_gateway(), start_gateway(GATEWAY_QUERY_KEYS="true")
    assert tried(closed, path + closed.api_key("alice")) == 401
    key = open_.api_key("alice")
    assert tried(open_, path + key) is True
    assert tried(open_, path + generate()) == 401
    assert tried(open_, path + key, key=generate()) == 401  # two that differ
    assert tried(open_, "/v1/chat/completions?" + "&".join(["a=b"] * 200)) == 401
    host = f"Host: 127.0.0.1:{open_.port}"
    assert exchange(open_.port, request_bytes(f"/v1/models?{name}={key}", host)).status == 401
    assert key[8:] not in open_.log
