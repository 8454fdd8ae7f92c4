"""Addresses that lead out of the account, and those that name what is in it."""

import pytest

from proxy.references.addresses import LONGEST_NAME, is_elsewhere, names_an_object


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
        "\n" * LONGEST_NAME + "file:///etc/passwd",
        "fi" + "\n" * LONGEST_NAME + "le:///etc/passwd",
    ],
)
def test_this_does(address):
    assert names_an_object(address)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("gs://bucket/a.pdf", True),
        ("file:/etc/passwd", True),
        (" " * LONGEST_NAME + "gs://bucket/a.pdf", True),
        ("data:application/pdf;base64,AAAA", False),
        ("https://a.example/a.pdf", False),
        ("AAAA/+==", False),
        (None, False),
    ],
)
def test_content_may_be_an_address(content, expected):
    assert is_elsewhere(content) is expected
