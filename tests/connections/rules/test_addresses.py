"""Which addresses are private, and which belong to a host's metadata service."""

from __future__ import annotations

import ipaddress

import pytest

from connections.rules.addresses import is_metadata_address, is_private_address


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_neither(address):
    parsed = ipaddress.ip_address(address)
    assert not is_metadata_address(parsed)
    assert not is_private_address(parsed)


@pytest.mark.parametrize("address", ["64:ff9b:1::a01:203", "fd12::1", "::1", "::", "10.1.2.3"])
def test_private_addresses_are_no_metadata_services(address):
    parsed = ipaddress.ip_address(address)
    assert not is_metadata_address(parsed)
    assert is_private_address(parsed)
