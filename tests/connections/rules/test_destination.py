"""Which base URLs lead to the same place."""

import pytest

from connections.rules.destination import is_same_destination

SAME = [
    ("https://h.example/v1", "https://h.example:443/v1/"),
    ("http://h.example", "HTTP://H.example:80/"),
    ("https://h.example:0443", "https://h.example"),
    (" https://h.example", "https://h.example"),
]
DIFFERENT = [
    ("https://h.example", "http://h.example"),
    ("https://h.example", "https://h.example:80"),
    ("http://h.example", "http://h.example:443"),
    ("https://h.example", "https://h.example."),
    ("https://h.example", "https://h.example.evil.example"),
    ("https://h.example", "https://h.example@evil.example"),
    ("https://h.example", "https://user@h.example"),
    ("https://h.example/v1", "https://h.example/v2"),
    ("https://h.example/a", "https://h.example/A"),
    ("https://1.2.3.4", "https://1.2.3.40"),
    ("https://h.example:x", "https://h.example:x"),
    ("https://", "https://"),
    ("ftp://h.example", "ftp://h.example"),
    ("", ""),
    ("https://[::1", "https://[::1"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spelling_makes_no_difference(one, other):
    assert is_same_destination(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_scheme_host_port_and_path_do(one, other):
    assert not is_same_destination(one, other)
    assert not is_same_destination(other, one)
