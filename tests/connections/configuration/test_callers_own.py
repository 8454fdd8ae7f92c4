"""What editors may do with connections that pass on what is the callers' own."""

from dataclasses import replace

import pytest

from connections.choices import AuthType
from connections.configuration.callers_own import open_auth_types, problem_of_change
from connections.configuration.spec import ConnectionSpec
from connections.models.key_source import KeySource

PLAIN = ConnectionSpec(name="one", base_url="https://one.example")
OWN = replace(PLAIN, auth_type="session")
CHANGES = [
    {"base_url": "https://evil.example"},
    {"base_url": "https://one.example/elsewhere"},
    {"auth_type": "system_oauth"},
    {"auth_type": "bearer"},
    {"provider": "azure"},
    {"headers": (("X-A", "b"),)},
    {"model_ids": ("gpt-4o",)},
    {"prefix_id": "x"},
    {"verify_tls": False},
    {"forward_cookies": True},
    {"priority": 0},
    {"connection_type": "internal"},
    {"keys": (KeySource(secret="sk-1"),)},
]


@pytest.mark.parametrize("auth_type", ["session", "system_oauth"])
def test_editors_set_up_none(auth_type):
    after = replace(PLAIN, auth_type=auth_type)
    assert problem_of_change(None, after)[0] == "auth_type"
    assert problem_of_change(PLAIN, after)[0] == "auth_type"
    with_cookies = replace(after, forward_cookies=True)
    assert problem_of_change(None, with_cookies)[0] == "forward_cookies"


@pytest.mark.parametrize("changes", CHANGES)
def test_editors_change_none(changes):
    [field] = changes
    assert problem_of_change(OWN, replace(OWN, **changes))[0] == field


def test_editors_turn_one_off_and_not_on():
    assert problem_of_change(OWN, replace(OWN, enabled=False)) is None
    assert problem_of_change(replace(OWN, enabled=False), OWN)[0] == "enabled"


def test_unchanged_one_is_no_problem():
    assert problem_of_change(OWN, OWN) is None


@pytest.mark.parametrize("auth_type", sorted(set(AuthType.values) - {"session", "system_oauth"}))
def test_all_others_are_open(auth_type):
    assert auth_type in open_auth_types()
    assert problem_of_change(PLAIN, replace(PLAIN, auth_type=auth_type)) is None
