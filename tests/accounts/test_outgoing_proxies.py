"""Which proxy a request takes."""

from __future__ import annotations

import pytest

from accounts.outgoing_proxies import (
    Proxies,
    masked_proxy,
    proxies_of_environment,
    proxies_of_settings,
    proxy_problem,
    split_credentials,
    with_credentials,
)

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("exceptions", "url", "is_excepted"),
    [
        ("", "https://api.example/v1", False),
        ("*", "https://api.example/v1", True),
        ("api.example", "https://api.example/v1", True),
        ("api.example", "https://eu.api.example/v1", True),
        ("api.example", "https://notapi.example/v1", False),
        (".example", "https://api.example/v1", True),
        ("*.example", "https://API.example./v1", True),
        ("other.example api.example", "https://api.example/v1", True),
        ("other.example,,api.example", "https://api.example/v1", True),
        ("api.example:443", "https://api.example/v1", True),
        ("api.example:8443", "https://api.example/v1", False),
        ("10.0.0.0/8", "http://10.1.2.3:8000/v1", True),
        ("10.0.0.0/8", "http://11.1.2.3:8000/v1", False),
        ("10.0.0.0/8", "http://ten.example/v1", False),
        ("10.1.2.3", "http://10.1.2.3/v1", True),
        ("10.1.2.3:80", "http://10.1.2.3/v1", True),
        ("10.1.2.3:81", "http://10.1.2.3/v1", False),
        ("2001:db8::/32", "http://[2001:db8::1]:8000/v1", True),
        ("[2001:db8::1]:8000", "http://[2001:db8::1]:8000/v1", True),
        ("[2001:db8::1]:8001", "http://[2001:db8::1]:8000/v1", False),
        ("localhost", "http://localhost:11434/v1", True),
    ],
)
def test_exceptions_are_written_as_no_proxy_is(exceptions, url, is_excepted):
    proxies = Proxies(http=PROXY, https=PROXY, exceptions=exceptions)
    assert proxies.of(url) == ("" if is_excepted else PROXY)


def test_a_connection_may_have_one_of_its_own_or_none():
    proxies = Proxies(http=PROXY, https=PROXY)
    assert proxies.of("https://api.example", override="none") == ""
    assert proxies.of("https://api.example", override="http://own:1") == "http://own:1"
    assert Proxies().of("https://api.example", override="http://own:1") == "http://own:1"
    assert Proxies().of("https://api.example") == ""


def test_the_usual_variables_are_read():
    proxies = proxies_of_environment(
        {
            "HTTP_PROXY": "http://big:1",
            "http_proxy": "small:2/",
            "ALL_PROXY": "http://all:3",
            "NO_PROXY": "big.example",
            "no_proxy": ".internal",
        },
        exceptions="10.0.0.0/8",
    )
    assert proxies.of("http://api.example") == "http://small:2"
    assert proxies.of("https://api.example") == "http://all:3"
    assert proxies.of("wss://api.example") == "http://all:3"
    assert proxies.of("https://a.internal") == proxies.of("https://10.0.0.1") == ""


def test_a_variable_that_cannot_be_used_is_named_without_its_value():
    with pytest.raises(ValueError, match=r"^ALL_PROXY must begin with http:// or https://$"):
        proxies_of_environment({"ALL_PROXY": "socks5://user:secret@proxy:1080"})


def test_the_setting_chooses(settings, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://of-the-environment:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert not proxies_of_settings()
    settings.GATEWAY_UPSTREAM_PROXY = PROXY
    settings.GATEWAY_UPSTREAM_NO_PROXY = "api.example"
    assert proxies_of_settings().of("https://other.example") == PROXY
    assert proxies_of_settings().of("https://api.example") == ""
    settings.GATEWAY_UPSTREAM_PROXY = "environment"
    assert proxies_of_settings().of("https://other.example") == "http://of-the-environment:1"
    assert proxies_of_settings().of("https://api.example") == ""


@pytest.mark.parametrize(
    "url",
    [
        "proxy.example:3128",
        "socks5://proxy.example",
        "http://",
        "http://proxy.example:x",
        "http://proxy.example/path",
        "http://user:pa/ss@proxy.example",
        "http://proxy example",
        "http://[::1",
    ],
)
def test_what_is_no_proxy_is_told_without_quoting_it(url):
    problem = proxy_problem(url)
    assert problem
    assert url not in problem


@pytest.mark.parametrize("url", [PROXY, "https://u:p@proxy.example", "http://[::1]:3128/"])
def test_proxies_have_no_problem(url):
    assert proxy_problem(url) == ""


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("", ""),
        ("none", "none"),
        (PROXY, PROXY),
        ("http://u:p@proxy.example", "http://u:…@proxy.example"),
        ("http://u:p@@proxy.example", "http://u:…@proxy.example"),
        ("http://token@proxy.example", "http://…@proxy.example"),
    ],
)
def test_passwords_are_masked(url, masked):
    assert masked_proxy(url) == masked
    assert with_credentials(*split_credentials(url)) == url


def test_a_value_does_not_show_its_passwords():
    assert "secret" not in repr(Proxies(http="http://u:secret@proxy", https="http://u:secret@p"))
