"""Addresses that lead out of the account, and those that name what is in it."""

import pytest

from proxy.references.addresses import LONGEST_NAME, is_elsewhere, names_an_object
from proxy.references.names import Kind, kind_at
from proxy.references.reading import references_in


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


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"content": [{"file": {"file_data": "gs://b/a.pdf"}}]}]},
        {"messages": [{"content": [{"input_audio": {"data": "gs://b/a.mp3"}}]}]},
        {"messages": [{"content": [{"type": "image", "image": "file:///a.png"}]}]},
        {"input": [{"image": "gs://b/a.png"}]},
        {"input": [{"url": "gs://b/a.png"}]},
        {"query": {"content": [{"image_url": {"url": "file:///a.png"}}]}},
        {"documents": {"content": [{"image_url": {"url": "file:///a.png"}}]}},
        {"documents": [{"content": [{"file_id": "file-1"}]}]},
    ],
)
def test_it_is_found_wherever_some_upstream_reads_it(body):
    assert references_in(body).objects


@pytest.mark.parametrize(
    "body",
    [
        {"documents": ["a", "b"], "query": "q"},
        {"documents": [{"text": "see http://a", "model": "T", "id": 1}], "query": "q"},
        {"messages": [{"content": [{"input_audio": {"data": "AAAA", "format": "wav"}}]}]},
    ],
)
def test_what_holds_no_address_passes(body):
    assert not references_in(body).objects


def test_a_long_name_is_not_read_again_for_each_url_in_it():
    assert kind_at(("k" * 10**6,), "url") is Kind.ADDRESS
