import pytest

from gateway_project.settings import forms

POSTGRES = ("postgres", "sqlite")
REDIS = ("redis", "rediss", "unix")


@pytest.mark.parametrize(
    "host",
    ["gw.example", ".gw.example", "*", "localhost", "127.0.0.1", "[::1]", "gw_1", "GW.example."],
)
def test_host_may_be(host):
    assert forms.host_problem(host) == ""


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("https://gw.example", "has a scheme. Write the host name alone: gw.example"),
        ("https://gw.example:8443/path", "has a scheme. Write the host name alone: gw.example"),
        ("http://localhost:8000", "has a scheme. Write the host name alone"),
        ("gw.example:8443", "has a port. Write the host name alone: gw.example"),
        ("[::1]:8000", "has a port. Write the host name alone"),
        ("gw.example/", "has a path. Write the host name alone: gw.example"),
        ("::1", "is an address of IPv6 without brackets. Write [::1]"),
        ("*.gw.example", "dot in front: .gw.example"),
        ("a.example b.example", "Put commas between the items"),
        ("a.example;b.example", "Put commas between the items"),
    ],
)
def test_host_may_not_be(host, problem):
    assert problem in forms.host_problem(host)


@pytest.mark.parametrize("origin", ["https://a.example", "http://localhost:8000"])
def test_origin_may_be(origin):
    assert forms.origin_problem(origin) == ""


@pytest.mark.parametrize(
    "origin",
    ["a.example", "https://a.example/", "https://a.example/path", "ftp://a.example", "https://"],
)
def test_origin_may_not_be(origin):
    assert forms.origin_problem(origin)


@pytest.mark.parametrize(
    ("url", "schemes"),
    [
        ("postgres://u:p@h:5432/n?sslmode=require", POSTGRES),
        ("postgres://u:p%40%2F%23ss@h/n", POSTGRES),
        ("postgres:///n?host=%2Frun&user=me@x", POSTGRES),
        ("postgres://h:5432/n?user=me@x", POSTGRES),
        ("postgres://u@h/n", POSTGRES),
        ("sqlite:////home/me@work/file.db", POSTGRES),
        ("redis://:p@h:6379/0", REDIS),
        ("redis://h", REDIS),
        ("unix:///run/redis@1.sock", REDIS),
        ("rediss://u:p@[::1]:6380/0?ssl_ca_certs=/etc/ca.pem", REDIS),
    ],
)
def test_url_may_be(url, schemes):
    assert forms.url_problem(url, schemes) == ""


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("redis://:secr/et@h:6379/0", "%2F"),
        ("redis://:p@secr/et@h:6379/0", "%2F"),
        ("redis://:secr#et@h:6379/0", "%23"),
        ("redis://:12#secret@h:6379/0", "%23"),
        ("redis://:secr?et@h:6379/0", "%3F"),
        ("redis://:secr%et@h:6379/0", "%25"),
        ("redis://:secret%@h:6379/0", "%25"),
        ("redis://:se[cret@h:6379/0", "%5B"),
        ("redis://h:6379/0#secret", "%23"),
        ("redis://h:port/0", "port"),
        ("redis://h:99999/0", "port"),
        ("redis://:secr et@h/0", "%20"),
        ("redis://:secret@", "names no host"),
        ("h:6379", "is no URL. It takes redis:// or rediss:// or unix://"),
        ("http://:secret@h", "begins with http://"),
        ("sk-secret://x", "is no URL"),
    ],
)
def test_url_may_not_be_and_its_password_is_not_told(url, problem):
    told = forms.url_problem(url, REDIS)

    assert problem in told
    assert "secr" not in told


@pytest.mark.parametrize(
    "issuer", ["https://id.example/realms/main", "https://id.example/", "http://localhost:8080/x"]
)
def test_issuer_may_be(issuer):
    assert forms.issuer_problem(issuer) == ""


@pytest.mark.parametrize(
    ("issuer", "problem"),
    [
        ("https://id.example/.well-known/openid-configuration", "/.well-known"),
        ("https://id.example/.well-known", "/.well-known"),
        ("http://id.example", "https://"),
        ("id.example", "is no URL"),
        ("https://id.example?x=1", "query"),
    ],
)
def test_issuer_may_not_be(issuer, problem):
    assert problem in forms.issuer_problem(issuer)


def test_encryption_key_is_32_bytes():
    assert forms.encryption_key_problem("A" * 43 + "=") == ""
    assert "3 bytes instead of 32" in forms.encryption_key_problem("YWJj")
