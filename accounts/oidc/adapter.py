from __future__ import annotations

import logging
from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render

from accounts.adoption import adopt
from accounts.invitations import InvitationError, accept
from accounts.models import Identity, User
from accounts.oauth.signing_in import seal
from accounts.oidc.bounded import bounded
from accounts.oidc.claims import follow_claims
from accounts.oidc.errors import OidcError
from accounts.oidc.linking import remember
from accounts.oidc.profile import wanted_usernames
from accounts.oidc.signing_out import carry_sign_out
from accounts.refusals import Refusals
from accounts.sign_in.followed_links import PARAMETER, forget, invitation_of
from accounts.user_names import free_username

refusals = Refusals(logging.getLogger(__name__), "A sign-in with the provider")


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The person who signs in at the provider: known by issuer and subject only."""

    def get_requests_session(self) -> requests.Session:
        return bounded(super().get_requests_session())

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Raises ``OidcError`` for an answer to some other question than ours."""
        check_nonce(sociallogin)
        # allauth stores a sign-in that waits for a second factor in the session, with its token.
        carry_sign_out(sociallogin)
        seal(sociallogin)
        keep_vouched_email_alone(sociallogin)
        if not sociallogin.is_existing:
            recognise(sociallogin)
        if not sociallogin.is_existing:
            take_up_invitation(request, sociallogin)
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        if not sociallogin.is_existing and settings.OIDC_NEW_USERS == "active":
            adopt_newcomer(sociallogin)
        if sociallogin.is_existing:
            follow_claims(sociallogin.user, sociallogin.account.extra_data)
        else:
            refuse_taken_email(request, sociallogin)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        # Other exceptions may quote the provider's response, with its tokens.
        is_ours = isinstance(exception, OidcError)
        reason = exception if is_ours else type(exception).__name__ if exception else error
        refusals.note(str(reason))

    def validate_disconnect(self, account: SocialAccount, accounts: Any) -> None:
        """Raises ``ValidationError`` if the user could not sign in any other way."""
        if settings.GATEWAY_SSO_ONLY:
            raise self.validation_error("disconnect_last")

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return bool(settings.OIDC_NEW_USERS != "refused")

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        user: User = sociallogin.user
        user.is_pending = settings.OIDC_NEW_USERS == "pending"
        user.is_active = not user.is_pending
        account = sociallogin.account
        user.username = free_username(
            wanted_usernames(account.extra_data), f"{account.provider}#{account.uid}"
        )
        super().save_user(request, sociallogin, form)
        remember(sociallogin.account)
        follow_claims(user, sociallogin.account.extra_data)
        return user


def check_nonce(sociallogin: SocialLogin) -> None:
    expected = sociallogin.state.get("nonce", "")
    answered = sociallogin.account.extra_data["id_token"].get("nonce", "")
    if (
        not expected or answered != expected
    ):  # a plain comparison will do: the browser knows the nonce
        raise OidcError("the ID token was made for another sign-in")


def keep_vouched_email_alone(sociallogin: SocialLogin) -> None:
    """Forget an address that the provider does not call verified: it may be anybody's."""
    vouched = [address.email for address in sociallogin.email_addresses if address.verified]
    if not sociallogin.is_existing:
        sociallogin.user.email = vouched[0] if vouched else ""
    sociallogin.email_addresses = []


def recognise(sociallogin: SocialLogin) -> None:
    """Find who is known from a bearer token of the same issuer and subject."""
    known = Identity.objects.filter(
        issuer=sociallogin.account.provider, subject=sociallogin.account.uid
    )
    identity = known.select_related("user").first()
    if identity is not None:
        _belong_to(sociallogin, identity.user)


@transaction.atomic
def take_up_invitation(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Find the user of the invitation on whose page this sign-in began. It opens now, once."""
    invitation = invitation_of(request)
    if invitation is None or sociallogin.state.get(PARAMETER) != invitation.pk:
        return
    try:
        user = accept(invitation.pk)
    except InvitationError:  # another browser was faster
        return
    account = sociallogin.account
    Identity.objects.create(user=user, issuer=account.provider, subject=account.uid)
    _belong_to(sociallogin, user)
    forget(request)


@transaction.atomic
def adopt_newcomer(sociallogin: SocialLogin) -> None:
    """Find who is known from a trusted caller, by the address that the provider vouches for."""
    account = sociallogin.account
    user = adopt(sociallogin.user.email, issuer=account.provider, subject=account.uid)
    if user is not None:
        _belong_to(sociallogin, user)


def _belong_to(sociallogin: SocialLogin, user: User) -> None:
    sociallogin.user = sociallogin.account.user = user
    sociallogin.account.save()


def refuse_taken_email(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Refuse a sign-in whose e-mail address belongs to a user already."""
    email = sociallogin.user.email
    if email and User.objects.filter(email__iexact=email).exists():
        raise ImmediateHttpResponse(render(request, "account/email_taken.html", status=403))
