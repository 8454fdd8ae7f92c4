"""From a sign-in to a stored token, and from a sign-out to none."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import user_logged_in
from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import changes
from accounts.encryption import keyring
from accounts.models import User
from accounts.models.oauth_tokens import UNTOLD_LIFETIME, OAuthToken, TokenPair

SESSION_KEY = "oauth_token"


def seal(login: SocialLogin) -> None:
    """Encrypt the tokens of a sign-in that is under way, which allauth may put into the session."""
    token = login.token
    left = token.expires_at - timezone.now() if token.expires_at else UNTOLD_LIFETIME
    pair = TokenPair(
        access=token.token, refresh=token.token_secret, lifetime_seconds=left.total_seconds()
    )
    token.token = keyring().encrypt(pair.as_json, bound_to=_bound_to(login))
    token.token_secret = ""


@receiver(user_logged_in)
def keep_token(
    sender: Any, *, request: HttpRequest, user: User, sociallogin: Any = None, **kwargs: Any
) -> None:
    if sociallogin is None or sociallogin.token is None:
        return
    text = keyring().decrypt(sociallogin.token.token, bound_to=_bound_to(sociallogin))
    row = OAuthToken(
        user=user,
        issuer=sociallogin.account.provider,
        expires_at=sociallogin.token.expires_at or timezone.now() + UNTOLD_LIFETIME,
        session_ends_at=request.session.get_expiry_date(),
    )
    row.seal(TokenPair.from_json(text))
    row.save(force_insert=True)
    drop_token(request)
    request.session[SESSION_KEY] = str(row.pk)
    OAuthToken.objects.over().delete()


@receiver(user_logged_out)
def end_token(sender: Any, *, request: HttpRequest, **kwargs: Any) -> None:
    drop_token(request)


@receiver(post_save, sender=User)
def drop_tokens_of_inactive(sender: Any, *, instance: User, **kwargs: Any) -> None:
    if not instance.is_active:
        instance.oauth_tokens.all().delete()


def drop_token(request: HttpRequest) -> None:
    """Delete the token of this session, and have every worker forget it."""
    pk = request.session.pop(SESSION_KEY, "")
    if pk and OAuthToken.objects.filter(pk=pk).delete()[0]:
        changes.announce(changes.Subject.PEOPLE)


def _bound_to(login: SocialLogin) -> str:
    return f"accounts.sign-in:{login.account.provider}#{login.account.uid}"
