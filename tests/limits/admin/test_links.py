"""The limits of a group, a user and a key on their pages."""

from __future__ import annotations

import html

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, User
from tests.limits.builders import make_limit

pytestmark = pytest.mark.django_db

ALONE = "No limit is for this alone."
NONE = {"group": ALONE, "key": ALONE, "user": "No limit counts for this user."}


@pytest.fixture
def rows() -> dict:
    ada = User.objects.create_user("ada")
    key, _ = ApiKey.objects.issue(ada)
    return {"group": Group.objects.create(name="team"), "user": ada, "key": key}


def shown(client: Client, row: object) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return html.unescape(client.get(reverse(name, args=[row.pk])).content.decode())


@pytest.mark.parametrize("kind", ["group", "user", "key"])
def test_page_names_the_limits_and_leads_to_a_new_one(
    admin_client: Client, rows: dict, kind: str
) -> None:
    assert NONE[kind] in shown(admin_client, rows[kind])
    limit = make_limit("mine", subject_kind=kind, **{kind: rows[kind]})
    page = shown(admin_client, rows[kind])
    assert reverse("admin:limits_limit_change", args=[limit.pk]) in page
    assert "20 requests a day" in page
    add = f"/admin/limits/limit/add/?subject_kind={kind}&{kind}={rows[kind].pk}"
    assert add in page
    assert str(rows[kind].pk) in html.unescape(admin_client.get(add).content.decode())


def test_limits_are_for_those_who_may_see_them(rows: dict) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_group"))
    make_limit("mine", subject_kind="group", group=rows["group"])
    client = Client()
    client.force_login(staff)
    assert "mine" not in shown(client, rows["group"])


def test_a_user_is_told_of_the_limits_of_groups_and_of_everyone(
    admin_client: Client, rows: dict
) -> None:
    ada, team = rows["user"], rows["group"]
    ada.groups.add(team)
    make_limit("of the team", subject_kind="group", group=team)
    make_limit("of all", subject_kind="everyone")
    make_limit("of others", subject_kind="group", group=Group.objects.create(name="others"))
    page = shown(admin_client, ada)
    assert "of the team" in page
    assert "of all" in page
    assert "of others" not in page
