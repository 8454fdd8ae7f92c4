"""Secrets that are taken out of what an upstream said."""

import pytest

from wire_formats.secrets import cleaned, safe_text, without_secrets

SECRET = "sk-a/b+c=d"


def test_every_secret_is_replaced_wherever_it_stands():
    assert without_secrets("a sk-1 b sk-2sk-1", ["sk-1", "sk-2"]) == (
        "a [removed] b [removed][removed]"
    )


def test_of_secrets_within_each_other_the_longest_goes_first():
    assert without_secrets("sk-12", ["sk-1", "sk-12"]) == "[removed]"


def test_the_mask_may_be_another():
    assert without_secrets("sk-1", {"sk-1"}, mask="***") == "***"


def test_other_text_stays():
    assert without_secrets("nothing", ["sk-1"]) == without_secrets("nothing", []) == "nothing"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"key {SECRET}!", "key [removed]!"),
        ("key sk-a%2Fb%2Bc%3Dd!", "key [removed]!"),
        (r'said {"key": "sk-a\/b+c=d"}', 'said {"key": "[removed]"}'),
        ("https://h/x?key=AIzaSy&alt=sse", "https://h/x?key=[removed]&alt=sse"),
        ("at https://h/x?a=1&api-key=v1 now", "at https://h/x?a=1&api-key=[removed] now"),
        ("https://me:pw@host/x", "https://[removed]@host/x"),
        ("Authorization: Bearer ya29.a0Af", "Authorization: Bearer [removed]"),
        ("Basic dXNlcjpwYXNzMQ==", "Basic [removed]"),
        ("Basic authentication needs a bearer certificate.", None),
        ("Write to me@example.com about key=value", None),
    ],
)
def test_what_looks_like_a_credential_is_removed(text, told):
    assert safe_text(text, frozenset({SECRET})) == (text if told is None else told)


@pytest.mark.parametrize(
    "raw",
    [
        r'{"key": "sk-a\/b+c=d"}',
        r'{"key": "\u0073k-a/b+c=d"}',
        r'{"in": "{\"key\": \"\\u0073k-a/b+c=d\"}"}',
    ],
)
def test_json_within_a_text_is_gone_through(raw):
    told = cleaned({"metadata": {"raw": raw}}, frozenset({SECRET}))
    assert "[removed]" in told["metadata"]["raw"]
    assert "b+c=d" not in told["metadata"]["raw"]


def test_json_without_secrets_stays_as_it_is():
    raw = r'{"error": {"message": "a \/ b",  "n": 1.50}}'
    assert cleaned(raw, frozenset({SECRET})) == raw
    assert cleaned(r"{\broken", frozenset({SECRET})) == r"{\broken"
