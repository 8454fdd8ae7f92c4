import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, User, api_key_pepper

pytestmark = pytest.mark.django_db


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("create_api_key", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def fail(*arguments):
    with pytest.raises(CommandError) as caught:
        call_command("create_api_key", *arguments)
    return caught.value


def test_key_alone_is_on_stdout_and_works():
    User.objects.create_user("alice")

    out, err = run("alice")

    key = out.strip()
    assert keys.is_well_formed(key)
    assert ApiKey.objects.get().digest == keys.digest(key, api_key_pepper())
    assert key not in err


def test_json_holds_the_key_and_its_id():
    out, _ = run("alice", "--create-user", "--json")

    answer = json.loads(out)
    assert answer.keys() == {"schema_version", "key", "id", "user"}
    assert (answer["schema_version"], answer["user"]) == (1, "alice")
    assert answer["id"] == str(ApiKey.objects.get().pk)


def test_unknown_user_is_refused_with_a_hint():
    failure = fail("nobody")

    assert failure.returncode == 2
    assert "--create-user" in str(failure)


def test_made_user_cannot_sign_in_with_a_password():
    run("alice", "--create-user")

    assert not User.objects.get().has_usable_password()


def test_staff_groups_and_name_are_set():
    for name in ("blue", "green", "red"):
        Group.objects.create(name=name)

    run(
        "alice",
        "--create-user",
        "--staff",
        "--group",
        "blue",
        "--group",
        "green",
        "--name",
        "laptop",
    )

    user = User.objects.get()
    assert user.is_staff
    assert set(user.groups.values_list("name", flat=True)) == {"blue", "green"}
    assert ApiKey.objects.get().name == "laptop"


@pytest.mark.parametrize(("options", "is_resumable"), [((), False), (("--resumable",), True)])
def test_streams_can_be_resumed_if_that_is_asked_for(options, is_resumable):
    run("alice", "--create-user", *options)

    assert ApiKey.objects.get().is_resumable is is_resumable


def test_key_speaks_for_nobody_unless_that_is_asked_for():
    run("alice", "--create-user")

    row = ApiKey.objects.get()
    assert (row.may_speak_for_users, row.unknown_users_group) == (False, None)


def test_key_that_speaks_for_users_may_have_a_group_for_unknown_ones():
    group = Group.objects.create(name="team")

    run("webui", "--create-user", "--may-speak-for-users", "--unknown-users-group", "team")

    row = ApiKey.objects.get()
    assert (row.may_speak_for_users, row.unknown_users_group) == (True, group)


@pytest.mark.parametrize(
    "options",
    [
        ("--unknown-users-group", "team"),
        ("--may-speak-for-users", "--unknown-users-group", "nowhere"),
        ("--may-speak-for-users", "--staff", "--scope", "admin"),
    ],
)
def test_marks_that_do_not_fit_are_refused(options):
    Group.objects.create(name="team")

    assert fail("webui", "--create-user", *options).returncode == 2
    assert not ApiKey.objects.exists()


def test_unknown_group_leaves_nothing_behind_and_claims_nothing(capsys):
    failure = fail("alice", "--create-user", "--group", "nowhere")

    assert failure.returncode == 2
    assert "nowhere" in str(failure)
    assert capsys.readouterr() == ("", "")
    assert not User.objects.exists()


def test_key_expires_after_the_days_given():
    run("alice", "--create-user", "--expires", "3")

    left = ApiKey.objects.get().expires_at - timezone.now()
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)


@pytest.mark.parametrize("days", ["0", "-1", "x", "1.5", "999999999", "²"])
def test_other_lifetimes_are_refused(days):
    assert "days" in str(fail("alice", "--create-user", f"--expires={days}"))


def test_inactive_user_gets_no_key():
    User.objects.create_user("alice", is_active=False)

    failure = fail("alice")

    assert failure.returncode == 1
    assert not ApiKey.objects.exists()


def test_name_that_no_user_may_have_is_refused():
    assert fail("not a name!", "--create-user").returncode == 2


@pytest.mark.parametrize("options", [(), ("--staff",), ("--superuser",)])
def test_key_calls_models_and_no_more_whoever_it_is_for(options):
    run("alice", "--create-user", *options)

    assert ApiKey.objects.get().scopes == ["inference"]


def test_superuser_is_made_who_administers_with_the_key():
    _, err = run("alice", "--create-user", "--superuser", "--scope", "admin")

    user = User.objects.get()
    assert (user.is_superuser, user.is_staff) == (True, True)
    assert ApiKey.objects.get().scopes == ["admin"]
    assert "alice is a superuser now." in err
    assert "no permission" not in err


def test_scope_that_opens_nothing_is_told():
    _, err = run("alice", "--create-user", "--staff", "--scope", "admin")

    assert "alice has no permission yet" in err
