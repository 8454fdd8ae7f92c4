"""Callers as the database has them, by the digests of their keys."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, F, Value

from accounts.caller import Caller, Scope
from accounts.models import ApiKey, EarlierKey
from accounts.rights import permissions_of
from infrastructure.outages import Cause

KEY_FIELDS = (
    *("pk", "hint", "expires_at", "scopes", "model_patterns", "is_resumable"),
    *("may_speak_for_users", "unknown_users_group"),
)
USER_FIELDS = ("pk", "username", "email", "first_name", "last_name", "is_staff", "is_superuser")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCaller:
    """``read_at`` is a reading of ``time.monotonic``, ``expires_at`` in seconds since the epoch."""

    caller: Caller
    read_at: float
    expires_at: float | None

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= time.time()


LOOK_UP = Cause(
    lost="Callers that this worker does not know yet are answered 503 authentication_unavailable, "
    "as the database cannot be asked for them",
    back="The database can be asked for callers again",
)


def read_callers(digests: Collection[str]) -> dict[str, KnownCaller]:
    """The callers of those keys that are usable, by digest, with one query; with a second one
    where staff are among them.

    A key that was rotated away counts until its overlap has ended. Blocks on the database.
    """
    read_at = time.monotonic()  # before the query: a change during it must not be missed
    found: dict[str, KnownCaller] = {}
    for digest, overlap_ends_at, group_id, *fields in _rows(digests):
        known = found.get(digest) or _known_caller(fields, overlap_ends_at, read_at)
        if group_id is not None:
            caller = replace(known.caller, group_ids=known.caller.group_ids | {group_id})
            known = replace(known, caller=caller)
        found[digest] = known
    return found | _with_permissions(found)


def _with_permissions(found: dict[str, KnownCaller]) -> dict[str, KnownCaller]:
    """Those of ``found`` who are staff, with their permissions. Those of others do not count."""
    staff = {digest: known for digest, known in found.items() if known.caller.is_staff}
    if not staff:
        return {}
    held = permissions_of({known.caller.user_id for known in staff.values()})
    return {
        digest: replace(
            known,
            caller=replace(known.caller, permissions=held.get(known.caller.user_id, frozenset())),
        )
        for digest, known in staff.items()
    }


def _rows(digests: Collection[str]) -> Any:
    """One row for each digest and group. A union, since no index serves both sides of an OR."""
    usable = ApiKey.objects.usable().order_by()  # SQLite has no order within a union
    current = usable.filter(digest__in=digests).values_list(
        "digest",
        Value(None, output_field=DateTimeField()),
        "user__groups",
        *KEY_FIELDS,
        *(f"user__{name}" for name in USER_FIELDS),
    )
    earlier = EarlierKey.objects.overlapping().order_by()
    earlier = earlier.filter(digest__in=digests, api_key__in=usable)
    return current.union(
        earlier.values_list(
            "digest",
            F("expires_at"),
            "api_key__user__groups",
            *(f"api_key__{name}" for name in KEY_FIELDS),
            *(f"api_key__user__{name}" for name in USER_FIELDS),
        ),
        all=True,
    )


def _known_caller(
    fields: list[Any], overlap_ends_at: datetime | None, read_at: float
) -> KnownCaller:
    key_id, hint, expires_at, scopes, model_patterns, is_resumable, speaks, group_id, *user = fields
    user_id, username, email, first_name, last_name, is_staff, is_superuser = user
    ends = [at.timestamp() for at in (expires_at, overlap_ends_at) if at is not None]
    caller = Caller(
        user_id=user_id,
        username=username,
        email=email,
        display_name=f"{first_name} {last_name}".strip() or username,
        is_staff=is_staff,
        is_superuser=is_superuser,
        group_ids=frozenset(),
        key_id=_uuid(key_id),
        key_hint=hint,
        scopes=frozenset(Scope) & frozenset(scopes),
        model_patterns=tuple(model_patterns),
        is_resumable=is_resumable,
        may_speak_for_users=speaks,
        unknown_users_group_id=group_id,
    )
    return KnownCaller(caller=caller, read_at=read_at, expires_at=min(ends, default=None))


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
