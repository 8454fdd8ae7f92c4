"""Keys that people make themselves: within their policy, shown once, and theirs alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.caller import Caller
from accounts.models import ApiKey, User
from accounts.sign_in.tries import Limit
from gateway_project.history.told import entries_of, way_of, who_of
from models_registry.explanation import caller_of
from portal import keys
from portal.allowance import DEFAULT, allowance_of, is_within
from portal.keys import NewKey, make_key, revoke_key, rotate_key
from portal.models import KeyPolicy
from portal.refusals import ForbiddenError, NotTheirsError, RefusedError

pytestmark = pytest.mark.django_db
NEW, KEYS = reverse("portal:new_key"), reverse("portal:keys")
DAY = timedelta(days=1)


def asked(name: str = "laptop", days: int | None = 30, *patterns: str, **more) -> NewKey:
    lifetime = None if days is None else timedelta(days=days)
    return NewKey(name=name, lifetime=lifetime, patterns=patterns, **more)


def test_a_key_is_shown_once_and_a_reload_makes_no_second(page: Client, ada: User):
    answer = page.post(NEW, {"name": "laptop", "days": "30", "models": ""}, follow=True)
    (row,) = ada.api_keys.all()
    shown = answer.context["key"]
    assert shown.endswith(row.hint[-4:])
    assert answer["Cache-Control"] == "no-store"
    assert answer.redirect_chain == [(reverse("portal:shown_key", args=[row.pk]), 302)]
    again = page.get(answer.redirect_chain[0][0])
    assert again.context["key"] is None
    assert shown.encode() not in again.content
    assert ada.api_keys.count() == 1
    (entry,) = entries_of(row)
    assert (who_of(entry), way_of(entry), entry.action) == ("ada", f"page {NEW}", 0)


def test_a_key_of_the_portal_calls_models_and_no_more(ada: User):
    row, _ = make_key(ada, asked())
    assert row.scopes == ["inference"]
    assert abs(row.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_without_a_policy_keys_are_few_and_expire(ada: User):
    for name in range(DEFAULT.most_keys):
        make_key(ada, asked(str(name)))
    with pytest.raises(RefusedError, match="5 keys that work"):
        make_key(ada, asked())
    revoke_key(ada, ada.api_keys.first().pk)
    for days in (None, 91, 10_000):
        with pytest.raises(RefusedError, match="at most 90 days"):
            make_key(ada, asked(days=days))
    make_key(ada, asked())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"days": 0}, "expires_in_days"),
        ({"days": -1}, "expires_in_days"),
        ({"manages_keys": True}, "scopes"),
    ],
)
def test_what_a_key_cannot_be_is_refused(ada: User, wrong, field):
    with pytest.raises(RefusedError) as refused:
        make_key(ada, asked(**wrong))
    assert refused.value.field == field
    assert not ada.api_keys.exists()


def test_the_most_generous_part_of_each_group_holds(ada: User, team: Group):
    other = Group.objects.create(name="other")
    ada.groups.add(other)
    KeyPolicy.objects.create(group=team, most_keys=2, longest_days=7, model_patterns=["gpt-*"])
    KeyPolicy.objects.create(group=other, most_keys=9, longest_days=5, model_patterns=["o1"])
    KeyPolicy.objects.create(group=None, most_keys=99)
    allowed = allowance_of(ada)
    assert (allowed.most_keys, allowed.longest) == (9, timedelta(days=7))
    assert allowed.patterns == ("gpt-*", "o1")
    KeyPolicy.objects.filter(group=other).update(model_patterns=[], longest_days=None)
    assert (allowance_of(ada).patterns, allowance_of(ada).longest) == ((), None)


def test_a_group_that_makes_no_keys_adds_nothing_to_one_that_does(ada: User, team: Group):
    other = Group.objects.create(name="other")
    ada.groups.add(other)
    KeyPolicy.objects.create(group=other, may_make_keys=False, most_keys=50)
    assert not allowance_of(ada).may_make_keys
    KeyPolicy.objects.create(group=team, most_keys=2)
    assert (allowance_of(ada).may_make_keys, allowance_of(ada).most_keys) == (True, 2)


def test_the_policy_without_a_group_is_for_people_whose_groups_have_none(
    ada: User, bob: User, team
):
    KeyPolicy.objects.create(group=None, may_make_keys=False)
    assert not allowance_of(ada).may_make_keys
    KeyPolicy.objects.create(group=team)
    assert allowance_of(ada).may_make_keys
    assert not allowance_of(bob).may_make_keys


def test_a_policy_that_makes_no_keys_lets_none_be_made_or_rotated(page: Client, ada: User, team):
    row, _ = make_key(ada, asked())
    KeyPolicy.objects.create(group=team, may_make_keys=False)
    assert page.post(NEW, {"name": "x", "days": "30"}).status_code == 403
    with pytest.raises(ForbiddenError):
        rotate_key(ada, row.pk, DAY)
    page.post(reverse("portal:revoke_key", args=[row.pk]))
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_a_key_is_narrowed_to_the_models_of_the_policy(ada: User, team: Group):
    KeyPolicy.objects.create(group=team, model_patterns=["gpt-4o*", "o1"])
    assert make_key(ada, asked())[0].model_patterns == ["gpt-4o*", "o1"]
    assert make_key(ada, asked("b", 30, "gpt-4o-mini"))[0].model_patterns == ["gpt-4o-mini"]
    for wider in ("*", "gpt-*", "o1*", "o3"):
        with pytest.raises(RefusedError) as refused:
            make_key(ada, asked("c", 30, wider))
        assert refused.value.field == "models"


@pytest.mark.parametrize(
    ("pattern", "wider", "is_so"),
    [
        ("gpt-4o", ["gpt-*"], True),
        ("gpt-4*", ["gpt-*"], True),
        ("*", ["gpt-*"], False),
        ("gpt-*", ["gpt-4o"], False),
        ("a*z", ["a*", "b"], True),
        ("*z", ["a*"], False),
        ("a*", ["a*z"], False),
        ("a", [], False),
        ("anything/*", ["*"], True),
    ],
)
def test_a_pattern_is_within_what_covers_all_that_it_covers(pattern, wider, is_so):
    assert is_within(pattern, wider) is is_so


def test_rotation_leaves_the_key_before_for_the_overlap(page: Client, ada: User):
    row, _ = make_key(ada, asked())
    before = row.digest
    url = reverse("portal:rotate_key", args=[row.pk])
    answer = page.post(url, {"overlap_hours": "24"}, follow=True)
    row.refresh_from_db()
    assert answer.context["key"].endswith(row.hint[-4:])
    assert row.earlier_keys.get().digest == before
    for hours in ("999", "-1", "x"):
        assert page.post(url, {"overlap_hours": hours}).status_code == 200
    assert row.earlier_keys.count() == 1


def test_a_revoked_key_is_not_rotated(ada: User):
    row, _ = make_key(ada, asked())
    revoke_key(ada, row.pk)
    with pytest.raises(RefusedError, match="cannot be rotated"):
        rotate_key(ada, row.pk, DAY)


def test_the_key_of_somebody_else_is_not_there(page: Client, bob: User, ada: User):
    row, _ = make_key(bob, asked())
    for name in ("shown_key", "rotate_key", "revoke_key"):
        url = reverse(f"portal:{name}", args=[row.pk])
        assert page.get(url).status_code == 404
        assert page.post(url, {"overlap_hours": "0"}).status_code in {404, 405}
    for change in (revoke_key, lambda user, pk: rotate_key(user, pk, DAY)):
        for pk in (row.pk, uuid4()):
            with pytest.raises(NotTheirsError, match="no such key"):
                change(ada, pk)
    row.refresh_from_db()
    assert (row.revoked_at, row.rotated_at) == (None, None)


def test_there_is_one_policy_without_a_group():
    KeyPolicy.objects.create(group=None)
    with pytest.raises(IntegrityError):
        KeyPolicy.objects.create(group=None)


def test_the_cap_counts_keys_that_work_whoever_made_them(ada: User, team: Group):
    KeyPolicy.objects.create(group=team, most_keys=1)
    ApiKey.objects.issue(ada, name="by an admin")
    with pytest.raises(RefusedError, match="1 keys that work"):
        make_key(ada, asked())


def caller_with(key: ApiKey) -> Caller:
    """What a worker knows of ``key``."""
    return replace(caller_of(key.user), key_id=key.pk, scopes=frozenset(key.scopes))


@pytest.mark.parametrize("end", ["revoke", "delete", "narrow"])
def test_a_key_that_has_ended_makes_none_before_workers_have_heard_of_it(ada, team, end):
    """It would not be revoked with its maker."""
    KeyPolicy.objects.create(group=team, may_make_managing_keys=True)
    maker, _ = make_key(ada, asked("maker", manages_keys=True))
    known = caller_with(maker)
    match end:
        case "revoke":
            maker.revoke()
        case "delete":
            maker.delete()
        case _:
            ApiKey.objects.filter(pk=maker.pk).update(scopes=["inference"])
    with pytest.raises(ForbiddenError, match="any more"):
        make_key(ada, asked("job"), maker=known)
    assert not ada.api_keys.filter(name="job").exists()


def test_keys_are_made_and_rotated_so_often_a_day(ada, monkeypatch):
    monkeypatch.setattr(keys, "MOST_CHANGES", Limit(amount=3, seconds=60))
    row, _ = make_key(ada, asked())
    rotate_key(ada, row.pk, timedelta())
    revoke_key(ada, row.pk)
    row, _ = make_key(ada, asked())
    with pytest.raises(RefusedError, match="within a day"):
        make_key(ada, asked())
    with pytest.raises(RefusedError, match="within a day"):
        rotate_key(ada, row.pk, timedelta())
    assert revoke_key(ada, row.pk).revoked_at


def test_policies_of_a_group_are_the_affair_of_those_with_its_permissions(client: Client):
    names = [f"{verb}_keypolicy" for verb in ("add", "change", "delete", "view")]
    staff = User.objects.create_user("policy-maker", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=[*names, "view_group"]))
    client.force_login(staff)
    powerful, plain = Group.objects.create(name="powerful"), Group.objects.create(name="plain")
    powerful.permissions.add(Permission.objects.get(codename="change_connection"))
    form = {"may_make_keys": "on", "most_keys": "5", "longest_days": "9", "model_patterns": ""}
    add = reverse("admin:portal_keypolicy_add")
    answer = client.post(add, {**form, "group": powerful.pk})
    assert "permissions that you lack" in answer.content.decode()
    client.post(add, {**form, "group": plain.pk})
    assert list(KeyPolicy.objects.values_list("group", flat=True)) == [plain.pk]
    theirs = KeyPolicy.objects.create(group=powerful)
    assert (
        client.post(reverse("admin:portal_keypolicy_delete", args=[theirs.pk])).status_code == 403
    )
