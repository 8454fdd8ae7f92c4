"""``rotate_api_key``, ``revoke_api_key`` and ``list_api_keys``."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import keys
from accounts.management.errors import UsageError
from accounts.models import ApiKey, User, api_key_pepper

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
    assert row.digest == keys.digest(out.strip(), api_key_pepper())
    assert f"works until {timezone.now() + timedelta(hours=2):%Y-%m-%d}" in err
    assert out.strip() not in err


def test_rotation_keeps_the_id_in_its_json(row):
    answer = json.loads(run("rotate_api_key", str(row.pk), "--json")[0])

    assert (answer["id"], answer["user"], answer["schema_version"]) == (str(row.pk), "alice", 1)
    assert row.earlier_keys.get().expires_at > timezone.now() + timedelta(hours=23)


def test_rotation_without_grace_ends_the_old_key(row):
    assert "has ended" in run("rotate_api_key", str(row.pk), "--grace", "0")[1]
    assert not row.earlier_keys.exists()


@pytest.mark.parametrize("grace", ["-1h", "24", "h", "1y", "9999999d", "²h"])
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


def hints_in(text):
    return [line.split()[0] for line in text.splitlines()[1:] if line.strip()]


def test_list_shows_which_keys_speak_for_users(row):
    group = Group.objects.create(name="team")
    ApiKey.objects.issue(row.user, may_speak_for_users=True, unknown_users_group=group)

    shown = json.loads(run("list_api_keys", "--json")[0])["keys"]
    assert [(key["may_speak_for_users"], key["unknown_users_group"]) for key in shown] == [
        (True, "team"),
        (False, None),
    ]
    assert run("list_api_keys")[0].count("inference, speaks for users") == 1


def test_list_shows_earlier_secrets_with_their_end(row):
    first = row.hint
    row.rotate(overlap=timedelta(hours=1))
    second = row.hint
    row.rotate(overlap=timedelta(hours=2))

    [entry] = json.loads(run("list_api_keys", "--json")[0])["keys"]
    table, notes = run("list_api_keys")

    assert [each["hint"] for each in entry["earlier_secrets"]] == [first, second]
    assert [each["ends_at"] for each in entry["earlier_secrets"]] == entry["earlier_keys_end_at"]
    assert hints_in(table) == [row.hint, first, second]
    assert table.count("earlier secret") == 2
    assert entry["earlier_secrets"][0]["ends_at"] in table
    assert notes == ""


def test_list_shows_no_secret_that_has_ended(row):
    row.rotate()
    row.earlier_keys.get().end()

    [entry] = json.loads(run("list_api_keys", "--json")[0])["keys"]

    assert (entry["earlier_secrets"], entry["earlier_keys_end_at"]) == ([], [])
    row.rotate()
    row.revoke()
    [entry] = json.loads(run("list_api_keys", "--all", "--json")[0])["keys"]
    assert entry["earlier_secrets"] == []


def test_hint_that_was_not_kept_is_said_to_be_unknown(row):
    row.rotate()
    row.earlier_keys.update(hint="")

    [entry] = json.loads(run("list_api_keys", "--json")[0])["keys"]
    table, notes = run("list_api_keys")

    assert entry["earlier_secrets"][0]["hint"] is None
    assert hints_in(table) == [row.hint, "…"]
    assert "revoke_api_key ID --earlier" in notes


@pytest.mark.parametrize("spelling", [lambda hint: hint, lambda hint: hint[-4:]])
def test_hint_of_an_earlier_secret_ends_that_secret_alone(row, spelling):
    first = row.hint
    row.rotate()
    second = row.hint
    row.rotate()

    said = run("revoke_api_key", spelling(first))[0]

    row.refresh_from_db()
    working = row.earlier_keys.overlapping()
    assert [key.hint for key in working] == [second]
    assert row.revoked_at is None
    assert f"Ended the earlier secret {first} of alice." in said
    assert f"laptop ({row.hint}) itself goes on working" in said
    assert "Nothing to do" in run("revoke_api_key", spelling(first))[0]
    assert row.earlier_keys.overlapping().count() == 1


@pytest.mark.parametrize("by", ["id", "hint"])
def test_id_and_present_hint_revoke_everything(row, by):
    row.rotate()

    run("revoke_api_key", str(row.pk) if by == "id" else row.hint)

    row.refresh_from_db()
    assert row.revoked_at is not None


def test_all_earlier_secrets_are_ended_together_also_those_without_a_hint(row):
    row.rotate()
    row.rotate()
    row.earlier_keys.update(hint="")

    assert run("revoke_api_key", str(row.pk), "--earlier")[0].count("Ended") == 2

    row.refresh_from_db()
    assert not row.earlier_keys.overlapping().exists()
    assert row.revoked_at is None


def test_earlier_hint_that_is_another_keys_present_one_is_not_enough(row):
    row.rotate()
    other, _ = ApiKey.objects.issue(row.user)
    row.earlier_keys.update(hint=other.hint)

    with pytest.raises(UsageError) as caught:
        run("revoke_api_key", other.hint)

    assert f"an earlier secret of {row.pk}" in str(caught.value)
    assert str(other.pk) in str(caught.value)


def test_key_is_rotated_by_the_hint_of_an_earlier_secret(row):
    first = row.hint
    row.rotate()

    out, err = run("rotate_api_key", first)

    row.refresh_from_db()
    assert row.digest == keys.digest(out.strip(), api_key_pepper())
    assert f"{first} was an earlier secret of" in err


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
