"""The page with a new key: reached by a redirect, shown once, and to the browser that made it."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from accounts import keys
from accounts.admin import shown_once
from accounts.models import ApiKey, User

pytestmark = pytest.mark.django_db
ADD = reverse("admin:accounts_apikey_add")


@pytest.fixture
def bob():
    return User.objects.create_user("bob")


@pytest.fixture(params=["added", "rotated"])
def page(request, admin_client, bob):
    """The address of the page with a key that was added or rotated."""
    if request.param == "added":
        return admin_client.post(ADD, {"user": bob.pk, "scopes": "inference"})["location"]
    row, _ = ApiKey.objects.issue(bob)
    rotate = reverse("admin:accounts_apikey_rotate", args=[row.pk])
    return admin_client.post(rotate, {"overlap_hours": "1"})["location"]


def test_a_reload_makes_no_second_key_and_shows_none(admin_client, bob, page):
    key = admin_client.get(page).context["key"]
    assert bob.api_keys.get().hint == keys.hint(key)

    again = admin_client.get(page)

    assert again.status_code == 200
    assert key not in again.content.decode()
    assert "shown once and cannot be shown again" in again.content.decode()
    assert bob.api_keys.get().hint == keys.hint(key)


def test_the_session_holds_no_key_in_the_clear_and_nothing_once_it_was_shown(admin_client, page):
    before = str(Session.objects.get().get_decoded())
    key = admin_client.get(page).context["key"]
    assert key not in before
    assert Session.objects.get().get_decoded()[shown_once.SESSION_NAME] == {}


def test_a_key_that_waited_too_long_is_not_shown(admin_client, page, monkeypatch):
    late = timezone.now().timestamp() + shown_once.WAITING_SECONDS + 1
    monkeypatch.setattr("time.time", lambda: late)
    assert admin_client.get(page).context["key"] is None


def test_a_key_that_waited_too_long_leaves_with_the_next_one(admin_client, bob, page, monkeypatch):
    late = timezone.now().timestamp() + shown_once.WAITING_SECONDS + 1
    monkeypatch.setattr("time.time", lambda: late)
    admin_client.post(ADD, {"user": bob.pk, "scopes": "inference"})
    waiting = Session.objects.get().get_decoded()[shown_once.SESSION_NAME]
    assert len(waiting) == 1
    assert page.split("/")[-3] not in waiting


def test_a_key_whose_encryption_key_is_gone_is_not_shown(admin_client, page, settings):
    settings.ENCRYPTION_KEYS = [shown_once.keyring().primary.generate_text()]
    assert admin_client.get(page).context["key"] is None


def test_two_new_keys_are_both_shown(admin_client, bob):
    form = {"user": bob.pk, "scopes": "inference"}
    pages = [admin_client.post(ADD, form)["location"] for _ in range(2)]
    assert len({admin_client.get(page).context["key"] for page in pages} - {None}) == 2


def test_only_a_get_takes_the_key(admin_client, page):
    assert admin_client.head(page).status_code == 405
    assert admin_client.get(page).context["key"]
