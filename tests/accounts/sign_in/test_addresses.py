"""Whose address a request has."""

import pytest
from django.test import RequestFactory

from accounts.sign_in.addresses import client_address, client_network


def request(forwarded=None, peer="192.0.2.1"):
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=peer, **headers)


@pytest.mark.parametrize(
    ("count", "forwarded", "address"),
    [
        (0, "198.51.100.7", "192.0.2.1"),
        (1, None, "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9,,, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "192.0.2.1"),
        (1, "198.51.100.7, unknown", "192.0.2.1"),
        (1, "198.51.100.7:4711", "198.51.100.7"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "'; drop table", "192.0.2.1"),
    ],
)
def test_proxies_are_counted_from_the_end(settings, count, forwarded, address):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = count
    assert client_address(request(forwarded)) == address


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:0:1:2::3", "2001:db8:0:1::/64"),
        ("", ""),
    ],
)
def test_what_limits_count(peer, network):
    assert client_network(request(peer=peer)) == network
