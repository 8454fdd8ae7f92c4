"""What goes with a row is counted by kind, however much of it there is."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.admin.going import going_with, holds_back
from accounts.models import ApiKey, User
from limits.models import LimitAlert
from portal.models import KeyPolicy
from resilience.models import ResiliencePolicy
from tests.limits.builders import make_limit

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture
def ada() -> User:
    """Has two keys, a group, and a limit of one of the keys."""
    ada = User.objects.create_user("ada")
    ada.groups.add(Group.objects.create(name="team"))
    key, _ = ApiKey.objects.issue(ada, name="laptop")
    ApiKey.objects.issue(ada, name="phone")
    limit = make_limit("laptop a day", subject_kind="key", key=key, share="each_key")
    LimitAlert.objects.create(limit=limit, start=0, threshold=80)
    return ada


def delete_page(row: User | Group) -> str:
    opts = row._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_delete", args=[row.pk])


def test_rows_are_counted_that_go_with_what_goes(ada: User) -> None:
    going = going_with([ada])
    counts = {model.__name__: number for model, number in going.items()}
    assert counts == {"User_groups": 1, "ApiKey": 2, "Limit": 1, "LimitAlert": 1}


def test_one_query_counts_all_of_it(ada: User) -> None:
    bob = User.objects.create_user("bob")
    with CaptureQueriesContext(connection) as queries:
        going_with([ada, bob])
    assert len(queries) == 1


def test_the_page_tells_the_numbers(admin_client: Client, ada: User) -> None:
    admin_client.get(delete_page(ada))
    with CaptureQueriesContext(connection) as queries:
        page = admin_client.get(delete_page(ada)).content.decode()
    assert "<li>2 API keys</li>" in page
    assert "<li>1 limit</li>" in page
    assert len(queries) <= MOST_QUERIES


def test_the_deletion_itself_takes_all_of_it(admin_client: Client, ada: User) -> None:
    admin_client.post(delete_page(ada), {"post": "yes"})
    assert not User.objects.filter(pk=ada.pk).exists()
    assert not ApiKey.objects.exists()
    assert not LimitAlert.objects.exists()


def test_kinds_that_the_viewer_may_not_delete_hold_it_back(client: Client, ada: User) -> None:
    remover = User.objects.create_user("remover", is_staff=True)
    names = ("view_user", "delete_user", "delete_apikey")
    remover.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(remover)
    page = client.get(delete_page(ada)).content.decode()
    assert "<li>\n                            limit\n" in page
    assert client.post(delete_page(ada), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=ada.pk).exists()


def test_rows_that_are_judged_one_by_one_hold_it_back(client: Client) -> None:
    """A policy of keys is the affair of those who have the rights of its group."""
    team = Group.objects.create(name="team")
    KeyPolicy.objects.create(group=team)
    remover = User.objects.create_user("remover", is_staff=True)
    remover.user_permissions.set(Permission.objects.filter(codename="delete_group"))
    client.force_login(remover)
    assert client.post(delete_page(team), {"post": "yes"}).status_code == 403


def test_only_kinds_that_protect_something_are_left_to_django() -> None:
    assert holds_back(ResiliencePolicy)
    assert not holds_back(User)
    assert not holds_back(Group)
