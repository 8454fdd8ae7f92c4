"""Requests as clients sent them, and not as somebody says they did."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.trusted_proxies import LOOPBACK, read_trusted
from gateway_project.public_side import PublicSide, with_whole_path

PROXY, STRANGER = "127.0.0.1", "203.0.113.9"
PUBLIC = "https://gw.example:8443/gatehouse"


def seen(
    path: str = "/admin/",
    *,
    peer: str = PROXY,
    public_url: str = "",
    trusted: str = LOOPBACK,
    kind: str = "http",
    **headers: str,
) -> tuple[str, str, str, str]:
    """Scheme, Host, path and the path above it."""
    fields = {"host": "localhost:8000"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope: dict[str, Any] = {
        "type": kind,
        "scheme": {"http": "http", "websocket": "ws"}[kind],
        "path": path,
        "root_path": "",
        "client": (peer, 1),
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
    }
    found = PublicSide(public_url, read_trusted(trusted)).scope(scope)
    host = dict(found["headers"])[b"host"].decode()
    return found["scheme"], host, found["path"], found["root_path"]


TOLD = {
    "x_forwarded_proto": "https",
    "x_forwarded_host": "testserver",
    "x_forwarded_prefix": "/gatehouse",
}
AS_IT_CAME = ("http", "localhost:8000", "/admin/", "")


def test_a_trusted_proxy_is_believed():
    assert seen(**TOLD) == ("https", "testserver", "/admin/", "/gatehouse")


def test_a_stranger_is_not():
    assert seen(peer=STRANGER, **TOLD) == AS_IT_CAME
    assert seen(trusted="0", **TOLD) == AS_IT_CAME
    assert seen(trusted="10.0.0.0/8", **TOLD) == AS_IT_CAME


def test_a_number_of_proxies_trusts_whatever_peer():
    assert seen(peer=STRANGER, trusted="1", **TOLD)[0] == "https"


def test_a_socket_has_schemes_of_its_own():
    assert seen(kind="websocket", x_forwarded_proto="https")[0] == "wss"
    assert seen(kind="websocket", x_forwarded_proto="wss")[0] == "wss"
    assert seen(kind="websocket", x_forwarded_proto="http")[0] == "ws"
    assert seen(kind="websocket", public_url=PUBLIC)[0] == "wss"


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("/admin/", "/admin/"),
        ("/gatehouse/admin/", "/admin/"),
        ("/gatehouse/", "/"),
        ("/gatehouse", "/"),
        ("/gatehouses/admin/", "/gatehouses/admin/"),
        ("/gatehouse/gatehouse/x", "/gatehouse/x"),
    ],
)
def test_the_prefix_may_have_been_stripped(path, below):
    assert seen(path, x_forwarded_prefix="/gatehouse/")[2:] == (below, "/gatehouse")
    assert seen(path, public_url=PUBLIC)[2:] == (below, "/gatehouse")


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "/\\evil.example", "evil", "/a/../b", "/a?b", "/a%2fb", "/" * 300]
)
def test_a_prefix_that_leads_elsewhere_is_none(prefix):
    assert seen(x_forwarded_prefix=prefix) == AS_IT_CAME


def test_the_public_url_is_the_truth():
    expected = ("https", "gw.example:8443", "/admin/", "/gatehouse")
    assert seen(public_url=PUBLIC) == expected
    assert seen(public_url=PUBLIC, x_forwarded_host="localhost", x_forwarded_prefix="/x") == (
        expected
    )
    assert seen(public_url=PUBLIC, peer=STRANGER, x_forwarded_proto="http") == expected


def test_no_prefix_makes_another_path_of_one_below_the_public_url():
    told = {"x_forwarded_prefix": "/x", "x_forwarded_proto": "https"}
    assert seen("/x/metrics", public_url="https://testserver", **told)[2:] == ("/x/metrics", "")


def test_a_client_of_the_proxy_without_tls_is_told_of_as_such():
    assert seen(public_url=PUBLIC, x_forwarded_proto="http")[0] == "http"


def test_a_host_that_is_not_answered_to_stays_refused():
    assert seen(public_url=PUBLIC, host="evil.example")[1] == "evil.example"
    assert seen(host="evil.example", x_forwarded_host="other.example")[1] == "evil.example"


def test_a_host_that_is_not_answered_to_is_not_believed():
    assert seen(x_forwarded_host="evil.example")[1] == "localhost:8000"
    assert seen(public_url=PUBLIC, x_forwarded_host="evil.example")[1] == "gw.example:8443"


@pytest.mark.parametrize(
    ("proto", "forwarded", "scheme"),
    [
        ("https, http", "198.51.100.1, 10.0.0.2", "https"),
        ("https, http", "198.51.100.1", "http"),
        ("http, https, http", "198.51.100.1, 10.0.0.2", "https"),
        ("https", "198.51.100.1, 10.0.0.2", "https"),
        ("gopher", "198.51.100.1", "http"),
    ],
)
def test_of_several_values_that_of_the_outermost_trusted_proxy_counts(proto, forwarded, scheme):
    found = seen(
        trusted="127.0.0.1, 10.0.0.0/8", x_forwarded_proto=proto, x_forwarded_for=forwarded
    )
    assert found[0] == scheme


def test_a_request_without_any_of_it_is_the_same_object():
    scope = {"type": "http", "headers": [(b"host", b"localhost")], "client": (PROXY, 1)}
    assert PublicSide("", read_trusted(LOOPBACK)).scope(scope) is scope


def test_django_has_the_whole_path():
    assert with_whole_path({"path": "/admin/", "root_path": "/a"})["path"] == "/a/admin/"
    assert with_whole_path(scope := {"path": "/admin/", "root_path": ""}) is scope
