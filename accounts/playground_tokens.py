"""Tokens of the playground: the API keys of a browser's tab, for minutes.

::

    person ──► one API key, marked as the playground's: a name in records, and what limits count
                 └──► a further secret for each token: 15 minutes, ended by a sign-out

The secret of that API key itself is thrown away when it is made. So a token is authenticated,
limited, recorded and withdrawn as the secrets of all keys are, by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import changes, keys
from accounts.models import ApiKey, EarlierKey, User, api_key_pepper

LIFETIME = timedelta(minutes=15)
MOST_AT_ONCE = 30  # of a person, in all tabs and browsers
NAME = "playground"


class PlaygroundRefusedError(Exception):
    """No token is made. The message is safe to show."""


class PlaygroundRevokedError(PlaygroundRefusedError):
    """An administrator has revoked the key that the person's tokens belong to."""


class TooManyTokensError(PlaygroundRefusedError):
    """The person has as many tokens as may be good at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaygroundToken:
    """``value`` is shown once. ``seconds`` is how long it is good for."""

    value: str = field(repr=False)
    seconds: int


def make_playground_token(user: User) -> PlaygroundToken:
    """A new token of ``user``, who is signed in. Blocks on the database.

    Raises :class:`PlaygroundRefusedError`.
    """
    with transaction.atomic():
        row = _key_of(user)
        if row.revoked_at is not None:
            raise PlaygroundRevokedError("An administrator has revoked your playground key.")
        row.earlier_keys.filter(expires_at__lte=timezone.now()).delete()
        if row.earlier_keys.count() >= MOST_AT_ONCE:
            raise TooManyTokensError(
                "The playground is open in too many tabs. Close some and try again in a while."
            )
        value = keys.generate()
        token = EarlierKey(
            api_key=row,
            digest=keys.digest(value, api_key_pepper()),
            hint=keys.hint(value),
            expires_at=timezone.now() + LIFETIME,
        )
        # In bulk, since that sends no signal: no worker can have met this secret before.
        EarlierKey.objects.bulk_create([token])
    return PlaygroundToken(value=value, seconds=int(LIFETIME.total_seconds()))


def end_playground_tokens(user: User) -> None:
    """Have every token of ``user`` refused from now on, and what runs with one ended."""
    now = timezone.now()
    tokens = EarlierKey.objects.filter(api_key__user=user, api_key__is_playground=True)
    if tokens.filter(expires_at__gt=now).update(expires_at=now):
        changes.announce(changes.Subject.PEOPLE)


def end_tokens_at_sign_out(sender: Any, *, user: User | None = None, **kwargs: Any) -> None:
    """A receiver of Django's ``user_logged_out``. Other browsers of the person get new tokens."""
    if user is not None:
        end_playground_tokens(user)


def _key_of(user: User) -> ApiKey:
    """The key that the tokens of ``user`` belong to, locked until the transaction ends."""
    digest = keys.digest(keys.generate(), api_key_pepper())
    row, _ = ApiKey.objects.get_or_create(
        user=user, is_playground=True, defaults={"name": NAME, "hint": NAME, "digest": digest}
    )
    locked: ApiKey = ApiKey.objects.select_for_update().get(pk=row.pk)
    return locked
