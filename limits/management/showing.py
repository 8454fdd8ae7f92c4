"""``limits show``: what holds for whom, what is used of it, and when it begins again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.management.api_key_argument import find_api_key
from accounts.management.errors import UsageError
from accounts.models import ApiKey, User
from limits.choices import Metric, Share, SubjectKind
from limits.configuration.descriptions import limit_in_words
from limits.configuration.numbers import as_number
from limits.configuration.spec import LimitSpec
from limits.configuration.subjects import Subject, names_of, share_of_key, share_of_user
from limits.loading import rule_of
from limits.management.raising import find_limit
from limits.models import Limit, LimitChange
from limits.models.limits import SUBJECT_FIELDS
from limits.quantities import amount_of
from limits.reading.forecast import in_words
from limits.reading.usage_now import ShareUse, most_used, used_now


@dataclass(frozen=True, slots=True)
class Holding:
    """A limit with what is used of some of its shares."""

    limit: Limit
    uses: tuple[ShareUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose shares are shown; ``keys`` are those of ``user``, or one of them."""

    user: User
    keys: tuple[ApiKey, ...]

    def shares_of(self, limit: Limit) -> list[str]:
        match Share(limit.share):
            case Share.POOL:
                return [""]
            case Share.EACH_USER:
                return [share_of_user(self.user.pk)]
            case Share.EACH_KEY:
                keys = [key for key in self.keys if limit.key_id in {None, key.pk}]
                return [share_of_key(key.pk) for key in keys]


def held_by_user(name: str) -> list[Holding]:
    """Raises ``UsageError``."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise UsageError(f"There is no user named {name!r}.")
    return _held(Holder(user=user, keys=tuple(user.api_keys.usable())))


def held_by_key(text: str) -> list[Holding]:
    """Raises ``UsageError``."""
    key = find_api_key(text).row
    return _held(Holder(user=key.user, keys=(key,)))


def of_group(name: str) -> list[Holding]:
    """Raises ``UsageError``."""
    group = Group.objects.filter(name=name).first()
    if group is None:
        raise UsageError(f"There is no group named {name!r}.")
    return _most_used(_limits().filter(group=group))


def of_label(label: str) -> list[Holding]:
    """With all shares. Raises ``UsageError``."""
    limit = _limits().get(pk=find_limit(label).pk)
    return [Holding(limit, tuple(used_now(limit)))]


def of_all() -> list[Holding]:
    """Each limit with the share that has used most of it."""
    return _most_used(_limits())


def as_json(holding: Holding) -> dict[str, Any]:
    limit, metric = holding.limit, Metric(holding.limit.metric)
    names = names_of(use.share for use in holding.uses)
    entry = LimitSpec.of(limit)
    told = {
        "label": limit.label,
        "for": str(entry.subject),
        **{name: getattr(entry, name) for name in ("share", "metric", "window", "mode")},
        "amount": as_number(limit.amount),
        "models": limit.model_patterns,
        "endpoints": limit.endpoints,
        "enabled": limit.is_enabled,
        "words": limit_in_words(limit),
        "raises": [one.to_dict() for one in entry.raises or ()],
    }
    return told | {"used": [_use_as_json(metric, use, names[use.share]) for use in holding.uses]}


def rows_of(holding: Holding) -> Iterable[tuple[str, ...]]:
    """Lines of a table, one for each share."""
    limit, metric = holding.limit, Metric(holding.limit.metric)
    names = names_of(use.share for use in holding.uses)
    head = (limit.label, str(Subject.of(limit)), limit_in_words(limit))
    mode = limit.mode if limit.is_enabled else "disabled"
    zone = rule_of(limit).zone
    for use in holding.uses:
        used, left = (_plain(metric, number) for number in (use.used, use.left))
        when = datetime.fromtimestamp(use.resets_at, zone) if use.resets_at else None
        ahead = in_words(use.runs_out_at, now=time.time(), zone=zone) if use.runs_out_at else ""
        amount = _plain(metric, use.amount)
        yield (*head, names[use.share] or "–", amount, used, left, _time(when), mode, ahead)
    if not holding.uses:
        yield (*head, "–", _plain(metric, None), "–", "–", "–", mode, "")


def _limits() -> QuerySet[Limit]:
    in_force = LimitChange.objects.filter(until__gt=timezone.now())
    rows = Limit.objects.select_related(*SUBJECT_FIELDS, "key__user", "connection_key__connection")
    return rows.prefetch_related(Prefetch("changes", in_force))


def _held(holder: Holder) -> list[Holding]:
    keys = [key.pk for key in holder.keys]
    matching = (
        Q(subject_kind=SubjectKind.EVERYONE)
        | Q(group__in=holder.user.groups.all())
        | Q(user=holder.user)
        | Q(key__in=keys)
    )
    return [
        Holding(limit, tuple(used_now(limit, holder.shares_of(limit))))
        for limit in _limits().filter(matching, is_enabled=True)
    ]


def _most_used(limits: Sequence[Limit] | QuerySet[Limit]) -> list[Holding]:
    rows = list(limits)
    uses = most_used(rows)
    return [Holding(row, (uses[row.pk],) if row.pk in uses else ()) for row in rows]


def _use_as_json(metric: Metric, use: ShareUse, name: str) -> dict[str, Any]:
    return {
        "share": name or None,
        "amount": _number(metric, use.amount),
        "used": _number(metric, use.used),
        "left": _number(metric, use.left),
        "per_cent": use.per_cent,
        "resets_at": _moment(use.resets_at),
        "runs_out_at": _moment(use.runs_out_at),
    }


def _number(metric: Metric, count: int | None) -> int | float | str | None:
    return None if count is None else as_number(amount_of(metric, count))


def _plain(metric: Metric, count: int | None) -> str:
    return "–" if count is None else f"{amount_of(metric, count).normalize():f}"


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "–"


def _moment(at: float | None) -> str | None:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" if at else None
