"""Whom a sign-in at the provider leads to."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin, SocialToken
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from accounts.invitations import invite
from accounts.models import Identity, User
from accounts.oidc.adapter import SocialAccountAdapter
from accounts.sign_in.followed_links import SESSION_NAME

pytestmark = pytest.mark.django_db

ISSUER = "https://id.example"
EMAIL = "eve@example.com"


@pytest.fixture
def newcomer() -> User:
    """Whom a trusted caller named."""
    user = User(username="eve", email=EMAIL, is_newcomer=True)
    user.set_unusable_password()
    user.save()
    return user


@pytest.fixture(autouse=True)
def lets_in(settings: Any) -> None:
    settings.OIDC_NEW_USERS = "active"


def signed_in(
    *,
    email: str = EMAIL,
    is_verified: bool = True,
    invitation: int = 0,
    begun_with: int | None = None,
    **state: Any,
) -> SocialLogin:
    """A sign-in as allauth has it before it looks for a user; with ``invitation`` by its link.

    ``begun_with`` is the invitation on whose page the sign-in began, by default the same.
    """
    claims = {"id_token": {"nonce": "n"}, "userinfo": {}}
    login = SocialLogin(
        user=User(email=email),
        account=SocialAccount(provider=ISSUER, uid="eve-1", extra_data=claims),
        email_addresses=[EmailAddress(email=email, verified=is_verified, primary=True)],
    )
    login.token = SocialToken(token="secret")
    begun_with = invitation if begun_with is None else begun_with
    login.state = {"nonce": "n", **({"invitation": begun_with} if begun_with else {}), **state}
    request = RequestFactory().get("/accounts/oidc/callback/")
    request.session = SessionStore()
    if invitation:
        request.session[SESSION_NAME] = {"id": invitation, "until": time.time() + 60}
    SocialAccountAdapter(request).pre_social_login(request, login)
    return login


def test_somebody_whom_a_trusted_caller_named_takes_up_their_user(newcomer: User) -> None:
    login = signed_in()
    assert (login.is_existing, login.user) == (True, newcomer)
    assert SocialAccount.objects.get().user == Identity.objects.get().user == newcomer


def test_an_address_that_nobody_vouches_for_leads_to_nobody(newcomer: User) -> None:
    login = signed_in(is_verified=False)
    assert (login.is_existing, login.user.email) == (False, "")
    assert not Identity.objects.exists()


@pytest.mark.parametrize("new_users", ["pending", "refused"])
def test_nobody_passes_by_the_administrator(newcomer: User, settings: Any, new_users: str) -> None:
    settings.OIDC_NEW_USERS = new_users
    with pytest.raises(ImmediateHttpResponse) as refused:
        signed_in()
    assert refused.value.response.status_code == 403
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("columns", [{"is_staff": True}, {"is_newcomer": False}])
def test_the_user_of_somebody_else_is_not_taken_up(
    newcomer: User, columns: dict[str, bool]
) -> None:
    User.objects.update(**columns)
    with pytest.raises(ImmediateHttpResponse):
        signed_in()
    assert not SocialAccount.objects.exists()
    assert not Identity.objects.exists()


def test_linking_an_identity_takes_up_nobody(newcomer: User) -> None:
    assert not signed_in(process="connect").is_existing
    assert not Identity.objects.exists()


@pytest.mark.parametrize("new_users", ["pending", "refused", "active"])
def test_an_invitation_leads_to_its_user_whatever_address_the_provider_knows(
    settings: Any, new_users: str
) -> None:
    settings.OIDC_NEW_USERS = new_users
    row, _ = invite(EMAIL)
    login = signed_in(email="other@example.com", is_verified=False, invitation=row.pk)
    assert (login.is_existing, login.user) == (True, row.user)
    assert SocialAccount.objects.get().user == Identity.objects.get().user == row.user
    row.refresh_from_db()
    assert row.opened_at is not None


def test_an_identity_that_is_known_uses_no_invitation_up() -> None:
    known = User.objects.create_user("known")
    Identity.objects.create(user=known, issuer=ISSUER, subject="eve-1")
    row, _ = invite(EMAIL)
    assert signed_in(email="", invitation=row.pk).user == known
    row.refresh_from_db()
    assert row.opened_at is None


def test_a_sign_in_that_began_elsewhere_takes_up_no_invitation(settings: Any) -> None:
    """The next person at the browser, who came by the page of signing in."""
    row, _ = invite("other@example.com")
    login = signed_in(invitation=row.pk, begun_with=0)
    assert not login.is_existing
    row.refresh_from_db()
    assert row.opened_at is None
