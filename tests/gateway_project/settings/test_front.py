"""The variables that say how the gateway is reached."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from gateway_project.settings.front import read_public_url, read_trusted_proxies


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", ""),
        ("https://Gateway.Example", "https://gateway.example"),
        ("https://gateway.example:443/", "https://gateway.example"),
        ("http://gateway.example:80", "http://gateway.example"),
        ("https://gateway.example:8443/a/b/", "https://gateway.example:8443/a/b"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
    ],
)
def test_a_public_url_is_spelled_in_one_way(text, url):
    assert read_public_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "gateway.example",
        "ftp://gateway.example",
        "https://",
        "https://user@gateway.example",
        "https://gateway.example/?a",
        "https://gateway.example/#a",
        "https://gateway.example:x",
        "https://user:s3cret/word@gateway.example",
        "redis://:s3cret@gateway.example:s3crets",
        "https://[s3cret",
        "https://gateway.example//evil.example",
        "https://gateway.example/../a",
        "https://gateway.example/a%2fb",
        "https://gateway.example/a b",
    ],
)
def test_other_public_urls_are_refused(text):
    with pytest.raises(
        ImproperlyConfigured, match="GATEWAY_PUBLIC_URL must read https://host"
    ) as told:
        read_public_url(text)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("wrong", ["nginx", "redis://:s3cret@nginx"])
def test_proxies_that_cannot_be_read_are_told_by_their_number(wrong):
    with pytest.raises(
        ImproperlyConfigured, match=r"GATEWAY_TRUSTED_PROXIES .*: item 2 is neither"
    ) as told:
        read_trusted_proxies(f"127.0.0.1, {wrong}")
    assert wrong not in str(told.value)
