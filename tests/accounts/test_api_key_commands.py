"""``rotate_api_key``, ``revoke_api_key`` and ``list_api_keys``."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import keys, secrets
from accounts.management.errors import UsageError
from accounts.models import ApiKey, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    return ApiKey.objects.issue(User.objects.create_user("alice"), name="laptop")[0]


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_rotation_prints_the_new_key_alone_and_says_how_long_the_old_one_works(row):
    out, err = run("rotate_api_key", row.hint, "--grace", "2h")

    row.refresh_from_db()
    assert row.digest == keys.digest(out.strip(), secrets.api_key_pepper())
    assert f"works until {timezone.now() + timedelta(hours=2):%Y-%m-%d}" in err
    assert out.strip() not in err


def test_rotation_keeps_the_id_in_its_json(row):
    answer = json.loads(run("rotate_api_key", str(row.pk), "--json")[0])

    assert (answer["id"], answer["user"], answer["schema_version"]) == (str(row.pk), "alice", 1)
    assert row.earlier_keys.get().expires_at > timezone.now() + timedelta(hours=23)


def test_rotation_without_grace_ends_the_old_key(row):
    assert "has ended" in run("rotate_api_key", str(row.pk), "--grace", "0")[1]
    assert not row.earlier_keys.exists()


@pytest.mark.parametrize("grace", ["-1h", "24", "h", "1w", "9999999d", "²h"])
def test_other_spans_of_time_are_refused(row, grace):
    with pytest.raises(CommandError, match="24h"):
        run("rotate_api_key", str(row.pk), f"--grace={grace}")


def test_revoked_key_is_not_rotated(row):
    assert "Revoked laptop" in run("revoke_api_key", row.hint[-4:])[0]
    assert "revoked already" in run("revoke_api_key", str(row.pk))[0]

    with pytest.raises(CommandError, match="cannot be rotated"):
        run("rotate_api_key", str(row.pk))


@pytest.mark.parametrize("command", ["rotate_api_key", "revoke_api_key"])
def test_key_that_is_not_there_is_named(row, command):
    with pytest.raises(UsageError, match="list_api_keys"):
        run(command, "none")


def test_hint_of_several_keys_is_not_enough(row):
    other, _ = ApiKey.objects.issue(row.user)
    ApiKey.objects.update(hint=row.hint)

    with pytest.raises(UsageError) as caught:
        run("revoke_api_key", row.hint)

    assert str(row.pk) in str(caught.value)
    assert str(other.pk) in str(caught.value)


def test_list_shows_what_tells_keys_apart_and_no_digest(row):
    row.rotate()
    ApiKey.objects.issue(row.user, name="old")[0].revoke()

    [entry] = json.loads(run("list_api_keys", "--json")[0])["keys"]

    assert (entry["hint"], entry["user"], entry["state"]) == (row.hint, "alice", "active")
    assert len(entry["earlier_keys_end_at"]) == 1
    assert row.digest not in json.dumps(entry)
    assert len(json.loads(run("list_api_keys", "--all", "--json")[0])["keys"]) == 2


def test_list_for_people_takes_names_as_they_are(row):
    ApiKey.objects.update(name="[red]x[/red]")

    assert "[red]x" in run("list_api_keys", "--user", "alice")[0]
    with pytest.raises(UsageError):
        run("list_api_keys", "--user", "nobody")


def test_key_is_made_for_less_than_its_user_may():
    run("create_api_key", "boss", "--create-user", "--staff", "--scope", "admin", "--model", "a/*")

    row = ApiKey.objects.get()
    assert (row.scopes, row.model_patterns) == (["admin"], ["a/*"])


def test_key_is_not_made_for_more_than_its_user_may():
    with pytest.raises(UsageError, match="staff"):
        run("create_api_key", "alice", "--create-user", "--scope", "admin")

    assert not User.objects.exists()
