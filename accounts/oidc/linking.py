"""An identity linked to a user here counts for their bearer tokens too, until it is unlinked."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.signals import social_account_added, social_account_removed
from django.dispatch import receiver

from accounts.models import Identity


def remember(account: SocialAccount) -> None:
    """Have bearer tokens of the same issuer and subject lead to the same user."""
    Identity.objects.update_or_create(
        issuer=account.provider, subject=account.uid, defaults={"user": account.user}
    )


@receiver(social_account_added)
def remember_linked(sender: Any, *, sociallogin: SocialLogin, **kwargs: Any) -> None:
    remember(sociallogin.account)


@receiver(social_account_removed)
def forget_unlinked(sender: Any, *, socialaccount: SocialAccount, **kwargs: Any) -> None:
    theirs = Identity.objects.filter(issuer=socialaccount.provider, subject=socialaccount.uid)
    for identity in theirs:
        identity.delete()
