"""Addresses that lead out of the account, and those that name what is in it."""

import pytest

from proxy.references.addresses import LONGEST_NAME, names_an_object


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/b.png",
        "HTTP://a.example",
        "data:image/png;base64,AAAA",
        "Data:,a",
        "",
        None,
        {"url": "gs://a"},
        "iVBORw0KGgo" * LONGEST_NAME,
    ],
)
def test_this_names_no_object(address):
    assert not names_an_object(address)


@pytest.mark.parametrize(
    "address",
    [
        "gs://bucket/a.png",
        "s3://bucket/a.png",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "/etc/passwd",
        "a.png",
        "file-abc",
        " https://a.example",
        "httpsx://a",
        "https:a",
        "gs://bucket/" + "a" * LONGEST_NAME,
        "//a.example/b.png",
    ],
)
def test_this_does(address):
    assert names_an_object(address)
