"""People and keys in the admin: a key is seen once, and nobody raises themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import clear_script_prefix, reverse, set_script_prefix
from django.utils import timezone
from django.utils.html import escape

from accounts import keys
from accounts.models import ApiKey, User

pytestmark = pytest.mark.django_db
KEYS = reverse("admin:accounts_apikey_changelist")
ADD_KEY = reverse("admin:accounts_apikey_add")
PAGES = ("change", "history", "delete")


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob", email="bob@example.com", password="bob-pass-1")


@pytest.fixture
def manager() -> User:
    """Staff with every permission on people and keys, but no superuser."""
    user = User.objects.create_user("manager", password="manager-pass-1", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__model__in=["user", "group", "apikey"])
    )
    return user


@pytest.fixture
def manager_client(manager: User) -> Client:
    client = Client()
    client.force_login(manager)
    return client


def new_key(client: Client, user: User, **extra: str) -> tuple[str, str]:
    """Make a key through the form: the page, and the key on it."""
    form = {"user": user.pk, "name": "laptop", "scopes": "inference", **extra}
    response = client.post(ADD_KEY, form, follow=True)
    assert response.status_code == 200, response
    return response.content.decode(), response.context["key"]


def change_url(thing: User | Group | ApiKey) -> str:
    opts = thing._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[thing.pk])


def user_form(user: User, **changes: str) -> dict[str, str]:
    return {"username": user.username, "email": user.email, "is_active": "on", **changes}


def test_the_new_key_is_on_the_page_and_works(admin_client: Client, bob: User) -> None:
    page, key = new_key(admin_client, bob)
    assert keys.is_well_formed(key)
    curl = f'curl http://testserver/v1/models \\\n  -H "Authorization: Bearer {key}"'
    assert escape(curl) in page
    assert bob.api_keys.get().hint == keys.hint(key)


def test_the_page_with_the_key_is_not_cached(admin_client: Client, bob: User) -> None:
    response = admin_client.post(ADD_KEY, {"user": bob.pk}, follow=True)
    assert "no-store" in response["Cache-Control"]


def test_the_key_is_kept_nowhere(admin_client: Client, bob: User) -> None:
    _, key = new_key(admin_client, bob)
    stored = [str(session.get_decoded()) for session in Session.objects.all()]
    stored += [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    stored += [str(row) for row in ApiKey.objects.values()]
    stored += [morsel.OutputString() for morsel in admin_client.cookies.values()]
    assert stored
    assert not [text for text in stored if key in text]


def test_no_later_page_shows_key_or_digest(admin_client: Client, bob: User) -> None:
    _, key = new_key(admin_client, bob)
    row = bob.api_keys.get()
    pages = [reverse(f"admin:accounts_apikey_{page}", args=[row.pk]) for page in PAGES]
    for url in (KEYS, *pages, change_url(bob), reverse("admin:index")):
        text = admin_client.get(url).content.decode()
        assert key not in text, url
        assert row.digest not in text, url


def test_the_list_cannot_be_filtered_by_digest(admin_client: Client, bob: User) -> None:
    ApiKey.objects.issue(bob)
    assert admin_client.get(KEYS, {"digest__startswith": "a"}).status_code == 400


def test_the_list_tells_active_expired_and_revoked(admin_client: Client, bob: User) -> None:
    ApiKey.objects.issue(bob, name="good")
    revoked, _ = ApiKey.objects.issue(bob, name="gone")
    revoked.revoke()
    past = timezone.now() - timedelta(days=2)
    old, _ = ApiKey.objects.issue(bob, name="old")
    ApiKey.objects.filter(pk=old.pk).update(created_at=past, expires_at=past + timedelta(days=1))
    for state, name in (("active", "good"), ("expired", "old"), ("revoked", "gone")):
        response = admin_client.get(KEYS, {"state": state})
        assert [row.name for row in response.context["cl"].queryset] == [name]
        assert f">{state.capitalize()}</span>" in response.content.decode()


def test_an_expiry_in_the_past_is_a_form_error(admin_client: Client, bob: User) -> None:
    data = {"user": bob.pk, "expires_at_0": "2001-01-01", "expires_at_1": "00:00"}
    response = admin_client.post(ADD_KEY, data)
    assert "Choose a time in the future" in response.content.decode()
    assert not ApiKey.objects.exists()


def test_an_expired_key_can_still_be_renamed(admin_client: Client, bob: User) -> None:
    row, _ = ApiKey.objects.issue(bob)
    past = timezone.now().replace(microsecond=0) - timedelta(days=2)
    ApiKey.objects.filter(pk=row.pk).update(created_at=past - timedelta(days=1), expires_at=past)
    data = {"name": "new", "scopes": "inference"}
    data |= {"expires_at_0": f"{past:%Y-%m-%d}", "expires_at_1": f"{past:%H:%M:%S}"}
    assert admin_client.post(change_url(row), data).status_code == 302
    assert ApiKey.objects.get().name == "new"


@pytest.mark.parametrize("date", ["2999-01-01", ""])
def test_an_expired_key_is_not_brought_back(admin_client: Client, bob: User, date: str) -> None:
    row, _ = ApiKey.objects.issue(bob)
    past = timezone.now() - timedelta(days=2)
    ApiKey.objects.filter(pk=row.pk).update(created_at=past - timedelta(days=1), expires_at=past)
    data = {
        "name": "",
        "scopes": "inference",
        "expires_at_0": date,
        "expires_at_1": date and "00:00",
    }
    response = admin_client.post(change_url(row), data)
    assert "cannot be extended" in response.content.decode()
    assert ApiKey.objects.get().expires_at == past


def test_user_and_digest_of_a_key_stay(admin_client: Client, bob: User, manager: User) -> None:
    row, _ = ApiKey.objects.issue(bob)
    forged = {"user": manager.pk, "digest": "0" * 64, "hint": "x"}
    admin_client.post(change_url(row), {"name": "renamed", "scopes": "inference", **forged})
    changed = ApiKey.objects.get()
    assert changed.name == "renamed"
    assert (changed.user_id, changed.digest, changed.hint) == (bob.pk, row.digest, row.hint)


def test_selected_keys_are_revoked_and_that_is_in_the_history(
    admin_client: Client, bob: User
) -> None:
    row, _ = ApiKey.objects.issue(bob)
    admin_client.post(KEYS, {"action": "revoke_selected", "_selected_action": [str(row.pk)]})
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert LogEntry.objects.get(object_id=row.pk).change_message == "Revoked."


def test_revoking_on_the_page_of_a_key_asks_first(admin_client: Client, bob: User) -> None:
    row, _ = ApiKey.objects.issue(bob)
    url = reverse("admin:accounts_apikey_revoke", args=[row.pk])
    assert "Revoke this key?" in admin_client.get(url).content.decode()
    row.refresh_from_db()
    assert row.revoked_at is None
    admin_client.post(url, {"_form_submitted": "on"})
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_a_revoked_key_stays_revoked(admin_client: Client, bob: User) -> None:
    row, _ = ApiKey.objects.issue(bob)
    row.revoke()
    response = admin_client.post(change_url(row), {"revoked_at_0": "", "revoked_at_1": ""})
    assert response.status_code == 403
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_staff_may_not_revoke_without_the_permission(bob: User) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_apikey"))
    row, _ = ApiKey.objects.issue(bob)
    client = Client()
    client.force_login(viewer)
    url = reverse("admin:accounts_apikey_revoke", args=[row.pk])
    assert client.post(url, {"_form_submitted": "on"}).status_code == 403
    client.post(KEYS, {"action": "revoke_selected", "_selected_action": [str(row.pk)]})
    row.refresh_from_db()
    assert row.revoked_at is None


def test_staff_cannot_make_a_key_for_a_superuser(
    manager_client: Client, admin_user: User, bob: User
) -> None:
    response = manager_client.post(ADD_KEY, {"user": admin_user.pk})
    assert "Only a superuser makes keys" in response.content.decode()
    assert not ApiKey.objects.exists()
    new_key(manager_client, bob)
    assert ApiKey.objects.get().user == bob


@pytest.mark.parametrize("right", ["is_superuser", "is_staff"])
def test_staff_cannot_hand_out_rights(manager_client: Client, bob: User, right: str) -> None:
    response = manager_client.post(change_url(bob), user_form(bob, first_name="B", **{right: "on"}))
    assert response.status_code == 302
    bob.refresh_from_db()
    assert bob.first_name == "B"
    assert not getattr(bob, right)


def test_staff_cannot_raise_themselves(manager_client: Client, manager: User) -> None:
    group = Group.objects.create(name="admins")
    permission = Permission.objects.get(codename="add_connection")
    raised = {"is_superuser": "on", "groups": group.pk, "user_permissions": permission.pk}
    manager_client.post(change_url(manager), user_form(manager, **raised))
    manager.refresh_from_db()
    assert not manager.is_superuser
    assert not manager.groups.exists()
    assert permission not in manager.user_permissions.all()


def test_staff_cannot_put_permissions_on_a_group(manager_client: Client) -> None:
    group = Group.objects.create(name="mine")
    permission = Permission.objects.get(codename="add_connection")
    manager_client.post(change_url(group), {"name": "renamed", "permissions": permission.pk})
    group.refresh_from_db()
    assert group.name == "renamed"
    assert not group.permissions.exists()


def test_staff_cannot_touch_a_superuser(manager_client: Client, admin_user: User) -> None:
    password = reverse("admin:auth_user_password_change", args=[admin_user.pk])
    delete = reverse("admin:accounts_user_delete", args=[admin_user.pk])
    assert manager_client.post(change_url(admin_user), {}).status_code == 403
    assert manager_client.post(password, {"password1": "x", "password2": "x"}).status_code == 403
    assert manager_client.post(delete, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=admin_user.pk).exists()


def test_staff_cannot_delete_a_superuser_in_bulk(manager_client: Client, admin_user: User) -> None:
    url = reverse("admin:accounts_user_changelist")
    data = {"action": "delete_selected", "_selected_action": [admin_user.pk], "post": "yes"}
    assert manager_client.post(url, data).status_code == 403
    assert User.objects.filter(pk=admin_user.pk).exists()


def test_a_superuser_hands_out_rights(admin_client: Client, bob: User) -> None:
    group = Group.objects.create(name="research")
    admin_client.post(change_url(bob), user_form(bob, is_staff="on", groups=str(group.pk)))
    bob.refresh_from_db()
    assert bob.is_staff
    assert list(bob.groups.all()) == [group]


def test_a_user_is_made_with_a_password(admin_client: Client) -> None:
    data = {
        "username": "carol",
        "usable_password": "true",
        "password1": "a-long-pass-phrase",
        "password2": "a-long-pass-phrase",
    }
    assert admin_client.post(reverse("admin:accounts_user_add"), data).status_code == 302
    assert User.objects.get(username="carol").check_password("a-long-pass-phrase")


@pytest.mark.parametrize("model", ["user", "apikey"])
def test_a_list_of_30_takes_as_many_queries_as_one_of_3(admin_client: Client, model: str) -> None:
    url = reverse(f"admin:accounts_{model}_changelist")
    add_people(3)
    few = count_queries(admin_client, url)
    add_people(27)
    assert count_queries(admin_client, url) == few


def add_people(number: int) -> None:
    for _ in range(number):
        ApiKey.objects.issue(User.objects.create_user(f"user-{User.objects.count()}"))


def count_queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def rotate_url(row: ApiKey) -> str:
    return reverse("admin:accounts_apikey_rotate", args=[row.pk])


def test_rotated_key_is_shown_once_and_the_one_before_works_on(
    admin_client: Client, bob: User
) -> None:
    row, _ = ApiKey.objects.issue(bob)
    assert "Hours for which" in admin_client.get(rotate_url(row)).content.decode()

    response = admin_client.post(rotate_url(row), {"overlap_hours": "1.5"}, follow=True)

    assert keys.is_well_formed(response.context["key"])
    assert "no-store" in response.headers["Cache-Control"]
    left = row.earlier_keys.get().expires_at - timezone.now()
    assert timedelta(hours=1, minutes=29) < left <= timedelta(hours=1, minutes=30)
    assert LogEntry.objects.filter(change_message="Rotated.").exists()


def test_nobody_gets_hold_of_a_key_of_those_with_more_rights(
    manager_client: Client, admin_user: User, bob: User
) -> None:
    row, _ = ApiKey.objects.issue(admin_user)
    own, _ = ApiKey.objects.issue(bob)

    refused = manager_client.post(rotate_url(row), {"overlap_hours": "1"})

    assert refused.status_code in {302, 403}
    assert ApiKey.objects.get(pk=row.pk).digest == row.digest
    shown = manager_client.post(rotate_url(own), {"overlap_hours": "1"}, follow=True)
    assert shown.context["key"]


def test_revoked_key_cannot_be_rotated(admin_client: Client, bob: User) -> None:
    row, _ = ApiKey.objects.issue(bob)
    row.revoke()

    assert admin_client.post(rotate_url(row), {"overlap_hours": "1"}).status_code in {302, 403}
    assert ApiKey.objects.get().digest == row.digest


def test_only_the_keys_of_staff_may_have_the_admin_scope(admin_client: Client, bob: User) -> None:
    form = {"user": bob.pk, "scopes": ["inference", "admin"]}
    response = admin_client.post(ADD_KEY, form)

    assert "Only the keys of staff" in response.content.decode()
    assert not ApiKey.objects.exists()


def test_patterns_are_written_one_in_a_line(admin_client: Client, bob: User) -> None:
    new_key(admin_client, bob, model_patterns="openai/*\ngpt-4o")

    assert ApiKey.objects.get().model_patterns == ["openai/*", "gpt-4o"]


def test_scopes_of_those_with_more_rights_stay(manager_client: Client, admin_user: User) -> None:
    row, _ = ApiKey.objects.issue(admin_user, scopes=["inference"])

    manager_client.post(change_url(row), {"name": "new", "scopes": ["inference", "admin"]})

    row.refresh_from_db()
    assert (row.name, row.scopes) == ("new", ["inference"])


def test_one_signs_out_of_an_admin_below_a_path(admin_client: Client) -> None:
    set_script_prefix("/gatehouse/")
    try:
        answer = admin_client.post("/admin/logout/")
    finally:
        clear_script_prefix()
    assert (answer.status_code, answer["location"]) == (302, "/gatehouse/accounts/login/")
    assert not Session.objects.exists()
