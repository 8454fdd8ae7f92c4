"""Tests see what everybody sees: they reach into no private attribute of ours."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.environment import ROOT

TESTS = ROOT / "tests"
# Names with an underscore that are public all the same: of Django, of named tuples, of os, and of
# the clients of other makers.
PUBLIC = {"_meta", "_registry", "_replace", "_exit", "_request_id"}
# Tests that wait for what shows nowhere else, or bring about a state that takes hours.
EXCEPTIONS = {
    "accounts/test_callers.py": {"_refreshed_at"},  # a look-up that a refresh overtook
    "connections/auth/test_azure_ad.py": {"_token"},  # a token that is renewed in the background
    "gateway_project/test_health.py": {"_asked_at"},  # as if a minute had passed
    "gateway_project/test_oauth_tokens.py": {"_endpoint"},  # what a library was told
    # Rows that are written behind the answer, and cut after that.
    "proxy/references/test_stored_responses.py": {"_writing", "_prune_at", "_unwritten"},
    "security/test_callers_credentials.py": {"_responder"},  # of the upstream in tests/support
    "support/emptying.py": {"_fixture_teardown"},  # the place that Django leaves no other way to
    "support/forking.py": {"_subprocess"},  # how uvicorn starts workers
    "usage/test_flat_cost.py": {"_known"},  # a hundred thousand callers at once
}


def privates_in(code: str) -> set[str]:
    """Private attributes of others that ``code`` names. One's own ``self._name`` is no other's."""
    return {
        node.attr
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and ast.unparse(node.value) not in {"self", "cls"}
    }


def found() -> dict[str, set[str]]:
    files: list[Path] = sorted(TESTS.rglob("*.py"))
    privates = {
        str(file.relative_to(TESTS)): privates_in(file.read_text()) - PUBLIC for file in files
    }
    return {name: names for name, names in privates.items() if names}


def test_no_private_attribute_is_used_but_for_a_reason():
    assert found() == EXCEPTIONS


def test_private_attributes_are_found():
    assert privates_in("a.b._c; self._d; x.__dict__; _e") == {"_c"}
