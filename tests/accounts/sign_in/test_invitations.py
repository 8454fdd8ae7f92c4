"""The pages behind an invitation's link, for strangers who have it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.invitations import invite
from accounts.models import Invitation, User
from accounts.sign_in.followed_links import LIFETIME, SESSION_NAME

pytestmark = pytest.mark.django_db

PAGE = reverse("invitation")
PASSWORD = "a-long-pass-phrase"
FORM = {"new_password1": PASSWORD, "new_password2": PASSWORD}


@pytest.fixture(autouse=True)
def _no_tries() -> None:
    cache.clear()


@pytest.fixture
def token() -> str:
    return invite("ada@example.com")[1]


def link(token: str) -> str:
    return reverse("invitation_link", args=[token])


def follow(client: Client, token: str) -> Any:
    return client.get(link(token), follow=True)


def test_the_link_leads_to_a_page_without_the_token(client: Client, token: str) -> None:
    response = follow(client, token)
    assert response.redirect_chain == [(PAGE, 302)]
    page = response.content.decode()
    assert "ada@example.com" in page
    assert token not in page
    assert "unsafe-inline" not in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


def test_a_look_at_the_link_does_not_use_it_up(token: str) -> None:
    follow(Client(), token)
    assert follow(Client(), token).status_code == 200


def test_a_password_signs_in_and_the_link_is_used_up(client: Client, token: str) -> None:
    follow(client, token)
    response = client.post(PAGE, FORM)
    assert response.status_code == 302
    user = User.objects.get()
    assert client.session["_auth_user_id"] == str(user.pk)
    assert user.check_password(PASSWORD)
    again = follow(Client(), token)
    assert again.status_code == 404
    assert "has been used" in again.content.decode()


def test_two_browsers_with_one_link_open_it_once(token: str) -> None:
    first, second = Client(), Client()
    follow(first, token)
    follow(second, token)
    first.post(PAGE, FORM)
    other = {"new_password1": "another-pass-phrase", "new_password2": "another-pass-phrase"}
    assert second.post(PAGE, other).status_code == 404
    assert User.objects.get().check_password(PASSWORD)


def test_a_password_that_is_too_simple_is_refused(client: Client, token: str) -> None:
    follow(client, token)
    response = client.post(PAGE, {"new_password1": "12345678", "new_password2": "12345678"})
    assert "too common" in response.content.decode()
    assert Invitation.objects.waiting().exists()


def test_an_unknown_token_opens_nothing_and_starts_no_session(client: Client) -> None:
    assert client.get(link("x" * 43)).status_code == 404
    assert "sessionid" not in client.cookies
    assert client.get(PAGE)["Location"] == reverse("account_login")


def test_guesses_are_counted_as_passwords_are(client: Client, token: str) -> None:
    statuses = [client.get(link(f"guess-{n}")).status_code for n in range(6)]
    assert statuses == [404] * 5 + [429]
    refused = client.get(link(token))
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_somebody_who_is_signed_in_is_told_whose_it_is(client: Client, token: str) -> None:
    client.force_login(User.objects.create_user("eva"))
    page = follow(client, token).content.decode()
    assert "You are signed in as eva" in page
    client.post(PAGE, FORM)
    assert not User.objects.get(username="ada").has_usable_password()


@pytest.mark.parametrize("leave", ["account_login", "invitation"])
def test_it_waits_for_nobody_who_signs_in_or_looks_elsewhere(
    client: Client, token: str, leave: str
) -> None:
    follow(client, token)
    if leave == "invitation":  # the page of somebody who is signed in already
        client.force_login(User.objects.create_user("eva"))
    client.get(reverse(leave))
    assert SESSION_NAME not in client.session
    assert client.post(PAGE, FORM)["Location"] == reverse("account_login")
    assert not User.objects.get(username="ada").has_usable_password()


def test_a_sign_in_and_a_sign_out_end_it(client: Client, token: str) -> None:
    eva = User.objects.create_user("eva", password=PASSWORD)
    follow(client, token)
    client.post(reverse("account_login"), {"login": "eva", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(eva.pk)
    assert SESSION_NAME not in client.session
    follow(client, token)
    client.post(reverse("account_logout"))
    assert client.get(PAGE)["Location"] == reverse("account_login")


def test_it_waits_for_minutes_alone(
    client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(client, token)
    late = time.time() + LIFETIME.total_seconds() + 1
    monkeypatch.setattr(time, "time", lambda: late)
    assert client.post(PAGE, FORM).status_code == 404
    assert not User.objects.get().has_usable_password()
    assert follow(client, token).status_code == 200  # the link itself is as good as before


def test_a_session_of_an_earlier_version_keeps_none(client: Client, token: str) -> None:
    follow(client, token)
    session = client.session
    session[SESSION_NAME] = Invitation.objects.get().pk
    session.save()
    assert client.get(PAGE).status_code == 404


def test_with_the_provider_alone_no_password_is_taken(
    client: Client, token: str, settings: Any
) -> None:
    settings.GATEWAY_SSO_ONLY = True
    page = follow(client, token).content.decode()
    assert "new_password1" not in page
    assert client.post(PAGE, FORM).status_code == 403
    assert not User.objects.get().has_usable_password()
