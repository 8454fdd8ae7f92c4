"""Which peers are proxies of ours, and what they say of the clients behind them."""

import pytest

from accounts.trusted_proxies import LOOPBACK, Way, is_within, read_trusted, way_of

NETWORKS = read_trusted("10.0.0.0/8, 192.0.2.7, 2001:db8::/32")


@pytest.mark.parametrize("text", ["2", " 2 "])
def test_a_number_counts_proxies(text):
    assert read_trusted(text) == 2


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.0/33", "-1", "10.0.0.1;10.0.0.2"])
def test_what_is_neither_is_named(text):
    with pytest.raises(ValueError, match="is neither an address nor a network"):
        read_trusted(text)


@pytest.mark.parametrize(
    ("address", "is_trusted"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("192.0.2.7", True),
        ("2001:db8::9", True),
        ("192.0.2.8", False),
        ("2001:db9::9", False),
        ("", False),
        ("unix", False),
    ],
)
def test_networks_hold_addresses(address, is_trusted):
    assert is_within(address, NETWORKS) == is_trusted


@pytest.mark.parametrize(
    ("peer", "forwarded", "address", "proxies"),
    [
        ("203.0.113.1", "198.51.100.1", "203.0.113.1", 0),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1", 1),
        ("10.0.0.1", "198.51.100.9, 198.51.100.1, 10.0.0.2", "198.51.100.1", 2),
        ("10.0.0.1", "10.0.0.9, 198.51.100.1", "198.51.100.1", 1),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2", 2),
        ("10.0.0.1", "", "10.0.0.1", 1),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1", 1),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1", 1),
        ("", "198.51.100.1", "", 0),
    ],
)
def test_addresses_count_up_to_the_first_that_is_no_proxy_of_ours(
    peer, forwarded, address, proxies
):
    assert way_of(peer, forwarded, NETWORKS) == Way(address=address, proxies=proxies)


def test_by_default_proxies_on_this_machine_are_trusted():
    trusted = read_trusted(LOOPBACK)
    assert [way_of(peer, "198.51.100.1", trusted).proxies for peer in ("127.0.0.1", "::1")] == [
        1,
        1,
    ]
    assert way_of("10.0.0.1", "198.51.100.1", trusted).address == "10.0.0.1"


@pytest.mark.parametrize("own", ["127.0.0.1", "::1"])
def test_a_program_on_this_machine_makes_up_no_address(own):
    made_up = f"198.51.100.1, {own}"
    assert way_of("127.0.0.1", made_up, read_trusted(LOOPBACK)) == Way(address=own, proxies=1)
