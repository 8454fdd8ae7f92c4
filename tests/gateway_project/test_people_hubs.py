"""The pages of a user, a group and a key: a part of each room, and few queries in all."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.invitations import invite
from accounts.models import ApiKey, User
from models_registry.models import ModelGrant
from tests.limits.builders import make_limit
from tests.usage.records import a_record
from usage.storing import store

pytestmark = pytest.mark.django_db


@pytest.fixture
def emma() -> User:
    """One of 1,000 users in 100 groups, with a key, a grant, a limit and some use."""
    names = [f"user-{n:04}" for n in range(1000)]
    users = User.objects.bulk_create(User(username=name, password="!") for name in names)
    groups = Group.objects.bulk_create(Group(name=f"group-{n:03}") for n in range(100))
    through = User.groups.through
    through.objects.bulk_create(
        through(user_id=user.pk, group_id=groups[n % 100].pk) for n, user in enumerate(users)
    )
    ModelGrant.objects.bulk_create(ModelGrant(pattern=f"m-{g.pk}*", group=g) for g in groups)
    emma = users[7]
    key, _ = ApiKey.objects.issue(emma, name="laptop")
    make_limit("emma a day", subject_kind="user", user=emma, share="each_user")
    fields = {"user_id": emma.pk, "username": emma.username, "key_id": key.pk}
    store([a_record(request_id=f"req_{n}", key_hint=key.hint, **fields) for n in range(7)])
    return emma


def page_of(row: Any) -> str:
    opts = row._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])


def looked_at(client: Client, row: Any) -> tuple[str, int]:
    client.get(page_of(row))  # content types are known from then on
    with CaptureQueriesContext(connection) as queries:
        text = client.get(page_of(row)).content.decode()
    return text, len(queries)


def test_a_user_has_keys_models_use_requests_and_limits(admin_client: Client, emma: User) -> None:
    text, queries = looked_at(admin_client, emma)
    assert queries <= 12
    group = emma.groups.get()
    assert f'href="{page_of(group)}"' in text
    assert "laptop" in text
    assert f"m-{group.pk}* is granted to group" in text
    assert "7 requests</a>" in text
    assert text.count("req_") == 5  # the newest
    assert "emma a day" in text
    assert f"?user={emma.pk}" in text


def test_a_group_has_members_models_and_use(admin_client: Client, emma: User) -> None:
    group = emma.groups.get()
    text, queries = looked_at(admin_client, group)
    assert queries <= 12
    assert ">10 members</a>" in text
    assert "7 requests," in text
    assert "Add members" in text


def test_a_key_has_its_use_and_a_button_to_rotate(admin_client: Client, emma: User) -> None:
    text, queries = looked_at(admin_client, emma.api_keys.get())
    assert queries <= 12
    assert "7 requests</a>" in text
    assert ">Rotate</button>" in text


@pytest.mark.parametrize("model", ["accounts_user", "auth_group", "accounts_apikey"])
def test_lists_take_few_queries(admin_client: Client, emma: User, model: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert admin_client.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert len(queries) <= 12


def test_a_viewer_is_shown_the_parts_they_may_see(emma: User) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_user"))
    client = Client()
    client.force_login(viewer)
    text = client.get(page_of(emma)).content.decode()
    assert emma.username in text
    for part in ("laptop", "is granted to", "7 requests", "req_", "emma a day", "Edit"):
        assert part not in text


def test_names_are_not_capitalised(admin_client: Client) -> None:
    user = User.objects.create_user("emma-lower")
    group = Group.objects.create(name="team-lower")
    for row, name in ((user, "Emma-lower"), (group, "Team-lower")):
        for page in (page_of(row), f"{page_of(row)}?edit=1"):
            assert name not in admin_client.get(page).content.decode()


def test_somebody_who_cannot_sign_in_can_be_invited_from_their_page(admin_client: Client) -> None:
    row, _ = invite("ada@example.com")
    text = admin_client.get(page_of(row.user)).content.decode()
    assert "Has not signed in yet; invited, until" in text
    assert f"{reverse('admin:accounts_user_invite')}?person=ada%40example.com" in text
