"""The keys of one person: made, rotated and revoked by themselves, in the portal or over the API.

A key that manages keys can make none that outlives, or opens more than, itself: what is made with
it calls models and manages nothing, has an end no later, and is revoked with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.caller import Caller, Scope
from accounts.models import ApiKey, KeyEndedError, User
from accounts.sign_in.tries import Bucket, Limit, TooManyTriesError
from portal.allowance import Allowance, allowance_of, is_within
from portal.models import MadeKey
from portal.refusals import ForbiddenError, NotTheirsError, RefusedError

LONGEST_NAME = 100
MOST_PATTERNS = 50
LONGEST_PATTERN = 200
LONGEST_OVERLAP = timedelta(days=7)
MOST_CHANGES = Limit(amount=500, seconds=24 * 3600)  # keys made and rotated by one person
NOT_BY_YOURSELF = (
    "You do not make keys yourself here: the policy of your groups says so. Ask an administrator."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What is asked of a new key. ``lifetime`` is None for one that does not expire."""

    name: str
    lifetime: timedelta | None
    patterns: tuple[str, ...] = ()
    manages_keys: bool = False


def keys_of(user: User) -> QuerySet[ApiKey]:
    """All keys of ``user``. Every look at a key in the portal begins here.

    The playground's is not among them: it has no secret, and does not count among one's keys.
    """
    keys: QuerySet[ApiKey] = ApiKey.objects.ordinary().filter(user=user)
    return keys


def key_of(user: User, key_id: UUID) -> ApiKey:
    """Raises :class:`NotTheirsError`."""
    key = keys_of(user).filter(pk=key_id).first()
    if key is None:
        raise NotTheirsError("You have no such key.")
    return key


@transaction.atomic
def make_key(user: User, asked: NewKey, *, maker: Caller | None = None) -> tuple[ApiKey, str]:
    """The row, and the key in the clear. ``maker`` is the key that asks, None in the portal.

    Raises :class:`RefusedError`.
    """
    User.objects.select_for_update().get(pk=user.pk)  # two at once would pass the cap
    allowed = allowance_of(user)
    _check_policy(user, allowed, asked)
    asked = _narrowed(asked, allowed)
    if maker is not None:
        asked = _within(asked, _maker_now(maker))
    _count_change(user)
    try:
        row, key = ApiKey.objects.issue(
            user,
            name=asked.name,
            lifetime=asked.lifetime,
            scopes=[Scope.INFERENCE, *([Scope.KEYS] if asked.manages_keys else [])],
            model_patterns=asked.patterns,
        )
    except ValidationError as exc:
        raise RefusedError(" ".join(exc.messages)) from exc
    if maker is not None:
        MadeKey.objects.create(key=row, maker_id=maker.key_id)
    return row, key


def rotate_key(
    user: User, key_id: UUID, overlap: timedelta, *, maker: Caller | None = None
) -> tuple[ApiKey, str]:
    """The row, and its new key in the clear; the one before works for ``overlap``.

    Raises :class:`RefusedError`.
    """
    row = key_of(user, key_id)
    if not allowance_of(user).may_make_keys:
        raise ForbiddenError(NOT_BY_YOURSELF)
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise RefusedError("The overlap must be from 0 to 168 hours.", field="overlap_hours")
    if maker is not None:
        _check_is_made_by(row, maker)
    _count_change(user)
    try:
        key = row.rotate(overlap=overlap)
    except KeyEndedError as exc:
        raise RefusedError(str(exc)) from exc
    return row, key


def revoke_key(user: User, key_id: UUID, *, maker: Caller | None = None) -> ApiKey:
    """Raises :class:`RefusedError`. Everybody may revoke what is theirs; a key may, itself."""
    row = key_of(user, key_id)
    if maker is not None and row.pk != maker.key_id:
        _check_is_made_by(row, maker)
    row.revoke()
    return row


def working(keys: Iterable[ApiKey]) -> list[ApiKey]:
    """Those that are neither revoked nor expired."""
    now = timezone.now()
    return [key for key in keys if key.revoked_at is None and not _has_expired(key, now)]


def _check_policy(user: User, allowed: Allowance, asked: NewKey) -> None:
    if not allowed.may_make_keys:
        raise ForbiddenError(NOT_BY_YOURSELF)
    if not asked.name.strip() or len(asked.name) > LONGEST_NAME or not asked.name.isprintable():
        raise RefusedError(f"Give a name of at most {LONGEST_NAME} characters.", field="name")
    if len(working(keys_of(user))) >= allowed.most_keys:
        raise RefusedError(
            f"You have {allowed.most_keys} keys that work, which is all that you may have. Revoke "
            "one that you do not use.",
            code="too_many_keys",
        )
    if asked.manages_keys and not allowed.may_make_managing_keys:
        raise RefusedError("You may not make keys that manage keys.", field="scopes")
    _check_lifetime(allowed, asked.lifetime)
    _check_patterns(allowed, asked.patterns)


def _check_lifetime(allowed: Allowance, lifetime: timedelta | None) -> None:
    if lifetime is not None and lifetime <= timedelta():
        raise RefusedError("The key must work for some time.", field="expires_in_days")
    longest = allowed.longest
    if longest is not None and (lifetime is None or lifetime > longest):
        raise RefusedError(
            f"Your keys work for at most {longest.days} days.", field="expires_in_days"
        )


def _check_patterns(allowed: Allowance, patterns: Sequence[str]) -> None:
    if len(patterns) > MOST_PATTERNS or any(len(each) > LONGEST_PATTERN for each in patterns):
        raise RefusedError(
            f"Give at most {MOST_PATTERNS} models, of at most {LONGEST_PATTERN} characters each.",
            field="models",
        )
    for pattern in patterns:
        if not pattern or not pattern.isprintable():
            raise RefusedError("Give ids of models or patterns, such as openai/*.", field="models")
        if not allowed.covers(pattern):
            raise RefusedError(
                f"Your keys are for {', '.join(allowed.patterns)}, which does not cover {pattern}.",
                field="models",
            )


def _narrowed(asked: NewKey, allowed: Allowance) -> NewKey:
    """With the policy's models where none are named."""
    return asked if asked.patterns else replace(asked, patterns=allowed.patterns)


def _maker_now(maker: Caller) -> ApiKey:
    """The row of the key that asks, locked: a worker may not have heard yet that it has ended, and
    what it made then would not be revoked with it. Raises :class:`ForbiddenError`.
    """
    rows = ApiKey.objects.usable().select_for_update(of=("self",))
    row: ApiKey | None = rows.filter(pk=maker.key_id).first()
    if row is None or Scope.KEYS not in row.scopes:
        raise ForbiddenError("This API key does not manage keys any more.")
    return row


def _within(asked: NewKey, maker: ApiKey) -> NewKey:
    """``asked``, which ``maker`` asks for: not wider, and with an end no later."""
    if asked.manages_keys:
        raise RefusedError("A key can make no key that manages keys.", field="scopes")
    if Scope.INFERENCE not in maker.scopes:
        raise RefusedError(
            "A key that cannot call models can make no key that can.", field="scopes"
        )
    wider = maker.model_patterns
    patterns = asked.patterns or wider
    if wider and not all(is_within(each, wider) for each in patterns):
        raise RefusedError("A key can make no key for models that are not its own.", field="models")
    lifetime = _ending_by(maker.expires_at, asked.lifetime)
    return replace(asked, patterns=tuple(patterns), lifetime=lifetime)


def _ending_by(end: datetime | None, lifetime: timedelta | None) -> timedelta | None:
    if end is None:
        return lifetime
    left = end - timezone.now()
    return left if lifetime is None else min(lifetime, left)


def _check_is_made_by(row: ApiKey, maker: Caller) -> None:
    """A program looks after the keys that it made, and after no others of its user."""
    if not MadeKey.objects.filter(key=row, maker_id=maker.key_id).exists():
        raise ForbiddenError("A key manages the keys that were made with it, and no others.")


def _count_change(user: User) -> None:
    """Rows, the history and every worker's news grow with each key and rotation."""
    try:
        Bucket(name=("keys of", str(user.pk)), limit=MOST_CHANGES).take()
    except TooManyTriesError as exc:
        raise RefusedError(
            f"You have made and rotated {MOST_CHANGES.amount} keys within a day. Go on tomorrow.",
            code="too_many_keys",
        ) from exc


def _has_expired(key: ApiKey, now: datetime) -> bool:
    return key.expires_at is not None and key.expires_at <= now
