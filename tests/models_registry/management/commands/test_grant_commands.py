from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from accounts.models import User
from models_registry.models import ModelGrant

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def fail(*arguments):
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    return caught.value


@pytest.fixture(autouse=True)
def people():
    Group.objects.create(name="staff")
    User.objects.create_user("alice")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--group", "staff"], "group staff"),
        (["--user", "alice"], "user alice"),
        (["--everyone"], "everyone"),
    ],
)
def test_grant_and_revoke_say_what_they_did(option, words):
    assert run("grant", "gpt-*", *option) == f"Granted gpt-* to {words}.\n"
    assert ModelGrant.objects.get().grantee == words
    assert run("revoke", "gpt-*", *option) == f"Revoked gpt-* from {words}.\n"
    assert not ModelGrant.objects.exists()


def test_second_time_there_is_nothing_to_do():
    run("grant", "gpt-*", "--everyone")

    assert run("grant", "gpt-*", "--everyone").startswith("Nothing to do")
    assert ModelGrant.objects.count() == 1
    run("revoke", "gpt-*", "--everyone")
    assert run("revoke", "gpt-*", "--everyone").startswith("Nothing to do")


def test_revoke_takes_exactly_one_grant():
    run("grant", "gpt-*", "--everyone")
    run("grant", "gpt-*", "--user", "alice")
    run("revoke", "gpt-*", "--user", "alice")

    assert ModelGrant.objects.get().everyone


def test_missing_group_is_refused_with_a_hint():
    failure = fail("grant", "gpt-*", "--group", "nowhere")

    assert failure.returncode == 2
    assert "--create-group" in str(failure)


def test_group_is_made_when_asked_for():
    run("grant", "gpt-*", "--group", "new", "--create-group")

    assert ModelGrant.objects.get().group.name == "new"


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_missing_user_is_refused(command):
    assert fail(command, "gpt-*", "--user", "nobody").returncode == 2


def test_group_is_not_made_for_a_pattern_that_is_refused():
    assert fail("grant", "a\nb", "--group", "new", "--create-group").returncode == 2
    assert not Group.objects.filter(name="new").exists()


@pytest.mark.parametrize("pattern", ["", "x" * 201])
def test_what_is_no_pattern_is_refused(pattern):
    assert fail("grant", pattern, "--everyone").returncode == 2


@pytest.mark.parametrize("options", [[], ["--group", "staff", "--everyone"]])
def test_exactly_one_grantee_is_wanted(options):
    assert "group" in str(fail("grant", "gpt-*", *options))
