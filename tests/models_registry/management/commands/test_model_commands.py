"""``sync_models``, ``list_models`` and ``explain_access``."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from accounts import changes
from accounts.models import ApiKey, User
from connections.models import Connection
from models_registry.models import ModelGrant, RegisteredModel
from tests.support.upstream import json_response, model_entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(connection: Connection) -> User:
    group = Group.objects.create(name="research")
    alice = User.objects.create_user("alice")
    alice.groups.add(group)
    ModelGrant.objects.create(pattern="gpt-*", group=group)
    return alice


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and what was said."""
    out = StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=out)
    except SystemExit as exc:
        return int(exc.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_sync_tells_what_is_new_and_what_is_gone(connection, upstream) -> None:
    assert run("sync_models") == (0, "one: 2 models\n")
    upstream.models = [model_entry("gpt-4o"), model_entry("o3")]
    expected = "one: 2 models, 1 new (o3), 1 gone (o1)\n"
    assert run("sync_models", "--dry-run") == (0, expected)
    assert run("sync_models") == (0, expected)
    assert run("sync_models") == (0, "one: 2 models\n")


def test_only_a_real_sync_tells_the_workers(connection) -> None:
    before = changes.current_versions()
    run("sync_models", "--dry-run")
    assert changes.current_versions() == before
    run("sync_models")
    assert changes.current_versions() != before


def test_an_upstream_that_fails_is_named_and_keeps_its_models(connection, upstream) -> None:
    run("sync_models")
    upstream.on("GET", "/v1/models", json_response({}, status=500))
    Connection.objects.create(name="azure", provider="azure", base_url="https://a.example")
    code, said = run("sync_models", "--json")
    one, azure = json.loads(said)["connections"]
    assert (code, one["models"], azure["models"]) == (1, ["gpt-4o", "o1"], [])
    assert (one["error"], azure["error"]) == (
        "The upstream answered 500 when asked for its models.",
        None,
    )


def test_names_that_the_upstream_does_not_list_are_pointed_out(connection) -> None:
    Connection.objects.update(model_ids=["gpt-4o", "typo"])
    assert run("sync_models")[1] == "one: 2 models, 1 not listed by the upstream (typo)\n"


def test_without_a_connection_there_is_nothing_to_sync(db) -> None:
    with pytest.raises(CommandError, match="no enabled connection"):
        run("sync_models")


def test_the_models_of_a_user_are_listed(alice) -> None:
    assert run("list_models", "--user", "alice") == (0, "gpt-4o  (one/gpt-4o)\n")
    listed = json.loads(run("list_models", "--user", "alice", "--json")[1])
    assert [model["id"] for model in listed["models"]] == ["gpt-4o"]


def test_a_user_without_models_is_told_what_to_do(connection) -> None:
    User.objects.create_user("bob")
    assert "grant PATTERN --user bob" in run("list_models", "--user", "bob")[1]


@pytest.mark.parametrize("command", [("list_models", "--user", "x"), ("explain_access", "x", "m")])
def test_a_user_that_is_not_there_is_an_error(command, connection) -> None:
    with pytest.raises(CommandError, match="no user named 'x'"):
        run(*command)


def test_the_grant_that_opens_a_model_is_named(alice) -> None:
    code, said = run("explain_access", "alice", "gpt-4o")
    assert code == 0
    assert "alice may use gpt-4o." in said
    assert "one/gpt-4o: gpt-* is granted to group research" in said


def test_what_is_not_granted_is_explained(alice) -> None:
    code, said = run("explain_access", "alice", "o1", "--json")
    explanation = json.loads(said)
    assert (code, explanation["allowed"]) == (1, False)
    assert explanation["summary"] == "alice may not use o1: no grant covers it."
    assert [route["because"] for route in explanation["routes"]] == [[]]


def test_staff_bypass_and_switched_off_users_are_explained(alice, settings) -> None:
    alice.is_staff = True
    alice.save()
    assert "staff may use every model" in run("explain_access", "alice", "o1")[1]
    settings.BYPASS_MODEL_ACCESS_CONTROL = True
    assert "BYPASS_MODEL_ACCESS_CONTROL is on" in run("explain_access", "alice", "o1")[1]
    alice.is_active = False
    alice.save()
    code, said = run("explain_access", "alice", "o1")
    assert (code, said.splitlines()[0]) == (
        1,
        "alice is switched off, so none of their keys works.",
    )


def test_a_name_that_nobody_offers_hints_at_the_alias(alice, connection) -> None:
    RegisteredModel.objects.create(connection=connection, model="gpt-4o", public_id="fast")
    code, said = run("explain_access", "alice", "gpt-4o")
    assert code == 1
    assert "No enabled connection offers gpt-4o." in said
    assert "one offers it as fast." in said


def test_a_key_that_is_for_other_models_is_pointed_out(alice) -> None:
    row, _ = ApiKey.objects.issue(alice, model_patterns=["o1"])
    said = run("explain_access", "alice", "gpt-4o")[1]
    assert f"The key {row.hint} is narrowed to o1." in said


@pytest.mark.parametrize(
    "command", [("list_models", "--user", "alice"), ("explain_access", "alice", "gpt-4o")]
)
def test_no_upstream_is_asked_whose_list_is_kept(alice, upstream, command) -> None:
    run("sync_models")
    asked = len(upstream.requests)
    assert run(*command)[0] == 0
    assert len(upstream.requests) == asked
