"""The address of a client behind proxies, as far as they are trusted."""

import pytest

from accounts.client_address import address_of_request, address_of_scope, network_of


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (0, "203.0.113.1", "10.0.0.1"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "192.0.2.9, 203.0.113.1", "203.0.113.1"),
        (2, "192.0.2.9, 203.0.113.1, 10.0.0.2", "203.0.113.1"),
        (2, "203.0.113.1", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "203.0.113.9,,, 203.0.113.1", "203.0.113.1"),
        (1, "203.0.113.1, unknown", "10.0.0.1"),
        (1, "203.0.113.1:4711", "203.0.113.1"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "'; drop table", "10.0.0.1"),
    ],
)
def test_only_what_trusted_proxies_added_is_believed(settings, trusted, forwarded, address):
    settings.GATEWAY_TRUSTED_PROXIES = trusted
    meta = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}
    fields = [(b"x-forwarded-for", part.encode()) for part in forwarded.split(",")]
    scope = {"client": ("10.0.0.1", 1), "headers": fields}
    assert address_of_request(meta) == address_of_scope(scope) == address


def test_a_socket_of_unix_has_none():
    assert address_of_scope({"client": None, "headers": []}) == ""


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:0:1:2::3", "2001:db8:0:1::/64"),
        ("", ""),
    ],
)
def test_limits_count_networks(address, network):
    assert network_of(address) == network
