from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import ApiKey, KeyEndedError, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    return ApiKey.objects.issue(User.objects.create_user("alice"))[0]


def test_rotation_keeps_the_id_and_all_but_the_key(row):
    before = (row.pk, row.name, row.scopes, row.created_at)
    digest = row.digest

    row.rotate()

    row.refresh_from_db()
    assert (row.pk, row.name, row.scopes, row.created_at) == before
    assert row.digest != digest
    assert [earlier.digest for earlier in row.earlier_keys.all()] == [digest]


def test_rotating_again_takes_nothing_from_the_first_key(row):
    row.rotate(overlap=timedelta(hours=1))
    first = row.earlier_keys.get()

    row.rotate(overlap=timedelta(hours=24))

    assert row.earlier_keys.count() == 2
    assert row.earlier_keys.get(digest=first.digest).expires_at == first.expires_at


def test_shorter_overlap_holds_for_every_earlier_key(row):
    row.rotate(overlap=timedelta(hours=24))

    row.rotate(overlap=timedelta(minutes=1))

    soon = timezone.now() + timedelta(minutes=2)
    assert all(earlier.expires_at < soon for earlier in row.earlier_keys.all())


def test_no_overlap_leaves_the_new_key_alone(row):
    row.rotate(overlap=timedelta(hours=24))

    row.rotate(overlap=timedelta(0))

    assert not row.earlier_keys.exists()


def test_rotation_uses_the_row_as_it_is_now(row):
    same = ApiKey.objects.get()
    row.rotate()

    same.rotate()

    assert row.earlier_keys.count() == 2


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_key_that_has_ended_is_not_brought_back_by_a_rotation(row, end):
    if end == "revoked":
        row.revoke()
    else:
        past = timezone.now() - timedelta(days=1)
        ApiKey.objects.update(created_at=past - timedelta(days=1), expires_at=past)

    with pytest.raises(KeyEndedError):
        row.rotate()


def test_key_calls_models_and_no_more_unless_told_otherwise():
    alice = User.objects.create_user("alice")
    boss = User.objects.create_user("boss", is_staff=True)

    assert ApiKey.objects.issue(alice)[0].scopes == ["inference"]
    assert ApiKey.objects.issue(boss)[0].scopes == ["inference"]
    assert ApiKey.objects.issue(boss, scopes=["admin"])[0].scopes == ["admin"]


@pytest.mark.parametrize(
    "asked", [{"scopes": ["admin"]}, {"scopes": ["root"]}, {"model_patterns": [""]}]
)
def test_key_is_not_issued_beyond_what_may_be(asked):
    with pytest.raises(ValidationError):
        ApiKey.objects.issue(User.objects.create_user("alice"), **asked)

    assert not ApiKey.objects.exists()
