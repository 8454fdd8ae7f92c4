from __future__ import annotations

import html

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from limits.models import LimitAlert
from tests.limits.builders import make_limit

pytestmark = pytest.mark.django_db
LIST = "/admin/limits/limitalert/"


def test_alerts_are_listed_with_what_was_sent(
    admin_client: Client, django_assert_max_num_queries
) -> None:
    limit = make_limit("interns", share="each_user")
    ada = User.objects.create_user("ada")
    for threshold in range(1, 60):
        LimitAlert.objects.create(
            limit=limit, share=f"u{ada.pk}", start=0, threshold=threshold, mailed_at=timezone.now()
        )
    with django_assert_max_num_queries(11):
        shown = html.unescape(admin_client.get(LIST).content.decode())
    for words in ("interns", "59 %", "ada", "the beginning", "mail"):
        assert words in shown


@pytest.mark.parametrize("page", ["add", "change", "delete"])
def test_alerts_are_only_read(admin_client: Client, page: str) -> None:
    alert = LimitAlert.objects.create(limit=make_limit(), start=1, threshold=50)
    arguments = [] if page == "add" else [alert.pk]
    url = reverse(f"admin:limits_limitalert_{page}", args=arguments)
    assert admin_client.get(url).status_code == (200 if page == "change" else 403)
    assert admin_client.post(url, {"post": "yes"}).status_code == 403
    assert LimitAlert.objects.exists()


@pytest.mark.parametrize("kind", ["group", "user"])
def test_alerts_keep_nobody_from_deleting_whose_limit_they_are_of(
    client: Client, kind: str
) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    names = ["view_group", "delete_group", "view_user", "delete_user", "delete_limit"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    row = {"group": Group(name="interns"), "user": User(username="ada")}[kind]
    row.save()
    limit = make_limit(subject_kind=kind, **{kind: row})
    LimitAlert.objects.create(limit=limit, start=1, threshold=50)
    client.force_login(staff)
    label = f"{row._meta.app_label}_{row._meta.model_name}"
    url = reverse(f"admin:{label}_delete", args=[row.pk])
    assert client.post(url, {"post": "yes"}).status_code == 302
    assert not LimitAlert.objects.exists()
    assert not type(row).objects.filter(pk=row.pk).exists()
