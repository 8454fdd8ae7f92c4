"""Signing in with a password: where it leads, and where it is refused."""

import pytest
from django.contrib.auth import aauthenticate
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")
PEER = "203.0.113.1"  # no proxy of ours


@pytest.fixture(autouse=True)
def _no_tries_before():
    cache.clear()


@pytest.fixture
def alice():
    return User.objects.create_user("alice", password="alice-pass-1")


def sign_in(client, name="alice", password="alice-pass-1", **extra):
    return client.post(LOGIN, {"login": name, "password": password} | extra)


def test_staff_and_others_get_to_the_portal(client, alice):
    assert sign_in(client)["Location"] == reverse("portal:start")
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert sign_in(Client())["Location"] == reverse("portal:start")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", r"\\evil.example"])
def test_the_page_that_comes_next_is_one_of_ours(client, alice, target):
    assert sign_in(client, next=target)["Location"] == reverse("portal:start")
    assert sign_in(Client(), next="/admin/accounts/")["Location"] == "/admin/accounts/"


def test_the_admin_has_no_sign_in_of_its_own(client, admin_user):
    answer = client.post("/admin/login/", {"username": "admin", "password": "password"})
    assert answer["Location"].startswith(LOGIN)
    assert client.get("/admin/").status_code == 302


def test_somebody_else_than_staff_sees_no_admin(client, alice):
    client.force_login(alice)
    assert client.get("/admin/login/").status_code == 403


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_a_name_is_tried_five_times(alice, name):
    answers = [sign_in(Client(), name, "wrong") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert 290 <= int(answers[5]["Retry-After"]) <= 300
    assert "Too many" not in answers[4].content.decode()
    assert "Too many" in answers[5].content.decode()
    right = sign_in(Client(), name)
    assert "Too many" in right.content.decode()


def test_wrong_names_and_wrong_passwords_get_the_same_answer(alice):
    known, unknown = (
        sign_in(Client(), name, "wrong").context["form"].errors for name in ("alice", "bob")
    )
    assert known == unknown


def refused(address, number):
    """Whether the sign-in of yet another name is one too many for ``X-Forwarded-For``."""
    answer = sign_in(
        Client(REMOTE_ADDR=PEER, headers={"X-Forwarded-For": address}), f"name-{number}", "wrong"
    )
    return "Too many" in answer.content.decode()


def test_an_address_is_not_what_a_client_says():
    assert [refused(f"192.0.2.{n}", n) for n in range(12)] == [False] * 10 + [True] * 2


def test_behind_a_proxy_the_address_is_what_the_proxy_saw(settings):
    settings.GATEWAY_TRUSTED_PROXIES = 1
    forged = [refused(f"192.0.2.{n}, 198.51.100.7", n) for n in range(12)]
    assert forged == [False] * 10 + [True] * 2
    assert not refused("192.0.2.1, 198.51.100.8", 12)


def test_a_form_of_another_site_does_not_sign_anybody_in(alice):
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        LOGIN,
        {"login": "alice", "password": "alice-pass-1"},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["signup/", "password/reset/", "email/", "login/code/confirm/"])
def test_nobody_signs_up_or_resets_a_password(client, path):
    assert client.get(f"/accounts/{path}").status_code == 404


def test_somebody_switched_off_cannot_sign_in(client, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert sign_in(client).status_code == 200
    assert "_auth_user_id" not in client.session


class TestSsoOnly:
    """Every path a password could take, with ``GATEWAY_SSO_ONLY`` on."""

    @pytest.fixture(autouse=True)
    def _sso_only(self, settings):
        settings.GATEWAY_SSO_ONLY = True

    def test_the_sign_in_offers_and_takes_no_password(self, client, alice):
        assert b'type="password"' not in client.get(LOGIN).content
        assert sign_in(client).status_code == 403
        assert "_auth_user_id" not in client.session

    def test_no_backend_takes_a_password(self, client, admin_user):
        assert not client.login(username="admin", password="password")
        client.post("/admin/login/", {"username": "admin", "password": "password"})
        assert "_auth_user_id" not in client.session

    @pytest.mark.parametrize("name", ["account_change_password", "account_reauthenticate"])
    def test_passwords_are_neither_changed_nor_asked_for(self, admin_client, name):
        assert admin_client.get(reverse(name)).status_code == 403
        assert admin_client.post(reverse(name), {"password": "password"}).status_code == 403

    def test_the_admin_changes_no_password(self, admin_client, admin_user, alice):
        own = admin_client.get("/admin/password_change/", follow=True)
        other = admin_client.get(reverse("admin:auth_user_password_change", args=[alice.pk]))
        assert own.status_code == 403
        assert other.status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_sso_only", [True, False])
async def test_async_code_knows_no_password_either(settings, is_sso_only):
    await User.objects.acreate_user("bob", password="bob-pass-1")
    settings.GATEWAY_SSO_ONLY = is_sso_only
    found = await aauthenticate(username="bob", password="bob-pass-1")
    assert (found is None) == is_sso_only


@pytest.mark.parametrize("page", ["account_change_password", "admin:password_change"])
def test_a_person_without_a_password_is_told_so_in_place_of_an_error(client, page):
    client.force_login(User.objects.create_superuser("from-sso"))
    answer = client.get(reverse(page), follow=True)
    assert answer.status_code == 403
    assert "You have no password" in answer.content.decode()
