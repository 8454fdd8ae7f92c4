"""Whom a sign-in at the provider leads to."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin, SocialToken
from django.test import RequestFactory

from accounts.models import Identity, User
from accounts.oidc.adapter import SocialAccountAdapter

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


def signed_in(*, email: str = EMAIL, is_verified: bool = True, **state: Any) -> SocialLogin:
    """A sign-in as allauth has it before it looks for a user."""
    claims = {"id_token": {"nonce": "n"}, "userinfo": {}}
    login = SocialLogin(
        user=User(email=email),
        account=SocialAccount(provider=ISSUER, uid="eve-1", extra_data=claims),
        email_addresses=[EmailAddress(email=email, verified=is_verified, primary=True)],
    )
    login.token = SocialToken(token="secret")
    login.state = {"nonce": "n", **state}
    request = RequestFactory().get("/accounts/oidc/callback/")
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
