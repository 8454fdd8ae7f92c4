"""The proxy of outgoing requests, as the environment names it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from gateway_project.settings.outgoing import read_upstream_proxy


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("", ""),
        ("http://u:p@proxy.example:3128/", "http://u:p@proxy.example:3128"),
        ("Environment", "environment"),
    ],
)
def test_a_url_or_the_environment(text, proxy, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    assert read_upstream_proxy(text) == proxy


def test_a_mistake_is_told_without_the_password():
    with pytest.raises(ImproperlyConfigured, match="must begin with http://") as refused:
        read_upstream_proxy("socks5://user:canary@proxy.example")
    assert "canary" not in str(refused.value)


def test_a_mistake_in_the_environment_is_told_without_the_password(monkeypatch):
    monkeypatch.setenv("https_proxy", "socks5://user:canary@proxy.example")
    with pytest.raises(ImproperlyConfigured, match="HTTPS_PROXY must begin") as refused:
        read_upstream_proxy("environment")
    assert "canary" not in str(refused.value)
