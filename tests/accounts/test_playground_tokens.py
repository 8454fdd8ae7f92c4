"""Tokens of the playground: what they are good for, and what ends them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import keys
from accounts.caller_lookup import read_callers
from accounts.changes import Subject, current_versions
from accounts.models import ApiKey, EarlierKey, KeyEndedError, User, api_key_pepper
from accounts.playground_tokens import (
    MOST_AT_ONCE,
    PlaygroundRevokedError,
    TooManyTokensError,
    end_playground_tokens,
    make_playground_token,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    user = User.objects.create_user("ada", email="ada@example.com")
    user.groups.add(Group.objects.create(name="chemists"))
    return user


def caller_with(token):
    """Who calls with ``token``; None where it is refused."""
    digest = keys.digest(token.value, api_key_pepper())
    known = read_callers([digest]).get(digest)
    return None if known is None or known.is_expired else known.caller


def test_a_token_calls_models_as_the_person_and_is_recorded_as_the_playgrounds(ada):
    caller = caller_with(make_playground_token(ada))
    assert (caller.username, caller.key_hint) == ("ada", "playground")
    assert caller.group_ids == set(ada.groups.values_list("pk", flat=True))
    assert caller.scopes == {"inference"}


def test_all_tokens_of_a_person_count_as_one_key(ada):
    first, second = (caller_with(make_playground_token(ada)) for _ in range(2))
    assert first.key_id == second.key_id == ApiKey.objects.get(is_playground=True).pk


def test_staff_have_no_administrative_token():
    root = User.objects.create_superuser("root")
    assert not caller_with(make_playground_token(root)).may_administer()


def test_a_token_ends_after_fifteen_minutes(ada):
    token = make_playground_token(ada)
    assert token.seconds == 900
    EarlierKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert caller_with(token) is None


def test_the_key_itself_and_its_secret_are_nowhere(ada):
    token = make_playground_token(ada)
    row = ApiKey.objects.get(is_playground=True)
    assert row.digest != keys.digest(token.value, api_key_pepper())
    assert token.value not in repr(token)
    assert token.value not in str(list(EarlierKey.objects.values()))


def test_a_person_has_only_so_many_tokens_at_once_and_expired_ones_make_room(ada):
    for _ in range(MOST_AT_ONCE):
        make_playground_token(ada)
    with pytest.raises(TooManyTokensError):
        make_playground_token(ada)
    assert caller_with(make_playground_token(User.objects.create_user("bob")))
    EarlierKey.objects.filter(api_key__user=ada).update(expires_at=timezone.now())
    assert caller_with(make_playground_token(ada))
    assert EarlierKey.objects.filter(api_key__user=ada).count() == 1


def test_a_sign_out_ends_the_persons_tokens_and_no_others(ada, django_capture_on_commit_callbacks):
    bob = User.objects.create_user("bob")
    of_ada, of_bob = make_playground_token(ada), make_playground_token(bob)
    own_key = ApiKey.objects.issue(ada)[0]
    own_key.rotate()
    client = Client()
    client.force_login(ada)
    before = current_versions()[Subject.PEOPLE]
    with django_capture_on_commit_callbacks(execute=True):
        client.logout()
    assert caller_with(of_ada) is None
    assert caller_with(of_bob)
    assert own_key.earlier_keys.overlapping().count() == 1
    assert current_versions()[Subject.PEOPLE] > before  # workers hear of it


def test_nothing_is_announced_where_no_token_ends(ada, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        end_playground_tokens(ada)
    assert callbacks == []


def test_a_person_who_is_deactivated_has_no_token_that_works(ada):
    token = make_playground_token(ada)
    ada.is_active = False
    ada.save()
    assert caller_with(token) is None


def test_an_administrator_turns_a_persons_playground_off_by_revoking_its_key(ada):
    token = make_playground_token(ada)
    ApiKey.objects.get(is_playground=True).revoke()
    assert caller_with(token) is None
    with pytest.raises(PlaygroundRevokedError):
        make_playground_token(ada)
    ApiKey.objects.get(is_playground=True).delete()
    assert caller_with(make_playground_token(ada))


def test_patterns_of_the_key_narrow_the_playground(ada):
    make_playground_token(ada)
    ApiKey.objects.filter(is_playground=True).update(model_patterns=["demo-*"])
    assert caller_with(make_playground_token(ada)).model_patterns == ("demo-*",)


def test_the_key_is_not_rotated_since_that_would_make_a_secret_without_an_end(ada):
    make_playground_token(ada)
    with pytest.raises(KeyEndedError):
        ApiKey.objects.get(is_playground=True).rotate()


@pytest.mark.parametrize(
    "wider", [{"scopes": ["admin", "inference"]}, {"may_speak_for_users": True}]
)
def test_the_key_can_be_made_no_wider(wider):
    root = User.objects.create_superuser("root")
    make_playground_token(root)
    row = ApiKey.objects.get(is_playground=True)
    for name, value in wider.items():
        setattr(row, name, value)
    with pytest.raises(ValidationError, match="playground"):
        row.clean()


def test_a_person_has_one_such_key(ada):
    make_playground_token(ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.create(user=ada, is_playground=True, digest="0" * 64)
    assert list(ApiKey.objects.ordinary()) == []
