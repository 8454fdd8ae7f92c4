"""What a connection keeps to itself."""

from dataclasses import replace

from connections.upstream import UpstreamKey
from tests.support.builders import SECRET, an_upstream


def test_secrets_are_keys_and_long_headers():
    upstream = an_upstream(headers=(("X-Team", "short"), ("X-Token", "0123456789")))
    assert upstream.secrets == {SECRET, "0123456789"}


def test_errors_keep_the_address_as_well():
    upstream = an_upstream("one")
    assert upstream.kept_from_errors > upstream.secrets
    assert "one.example" in upstream.kept_from_errors


def test_both_are_gathered_once():
    upstream = an_upstream()
    assert upstream.secrets is upstream.secrets
    assert upstream.kept_from_errors is upstream.kept_from_errors


def test_another_key_is_another_secret():
    other = replace(an_upstream(), keys=(UpstreamKey(id="2", secret="sk-another-one"),))
    assert other.secrets == {"sk-another-one"}


def test_neither_is_shown():
    assert SECRET not in repr(an_upstream())
