"""``limits raise``: another amount until a date, and its end."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.management.api_key_argument import find_api_key
from accounts.management.errors import UsageError
from infrastructure.time_spans import TimeSpanError, read_time_span
from limits.choices import Share, SubjectKind
from limits.configuration.dates import end_of
from limits.configuration.numbers import amount as read_amount
from limits.configuration.raises import RaiseSpec, end_raises, in_force, raise_limit
from limits.configuration.subjects import UnknownSubjectError, share_of
from limits.management.made_by import this_command
from limits.models import Limit, LimitChange

KINDS = {Share.EACH_USER: SubjectKind.USER, Share.EACH_KEY: SubjectKind.KEY}


def find_limit(label: str) -> Limit:
    """Raises ``UsageError``."""
    limit = Limit.objects.filter(label=label).first()
    if limit is None:
        raise UsageError(f"There is no limit {label!r}. `limits show` shows those there are.")
    return limit


@transaction.atomic
def make_raise(
    limit: Limit, *, amount: str | None, until: str | None, share: str, reason: str
) -> LimitChange:
    """Raises ``UsageError``."""
    if amount is None or until is None:
        raise UsageError("A raise needs --amount and --until, or --end.")
    try:
        spec = RaiseSpec(
            amount=read_amount(amount),
            until=_end(until),
            share=_share(limit, share),
            reason=reason,
        )
        return raise_limit(limit, spec, made_by=this_command())
    except ValidationError as exc:
        raise UsageError(" ".join(exc.messages)) from exc
    except UnknownSubjectError as exc:
        raise UsageError(f"--share: {exc}.") from exc
    except ValueError as exc:
        raise UsageError(f"This cannot be used: {exc}.") from exc


@transaction.atomic
def end(limit: Limit, *, share: str) -> list[LimitChange]:
    """The raises that were ended: those for ``share`` alone, where one is named."""
    try:
        wanted = share_of(_share(limit, share)) if share else None
    except (UnknownSubjectError, ValueError) as exc:
        raise UsageError(f"--share: {exc}.") from exc
    rows = [row for row in in_force(limit) if wanted is None or row.share == wanted]
    end_raises(rows)
    return rows


def _share(limit: Limit, text: str) -> str:
    """``text`` with a key's id in the place of its hint."""
    if not text:
        return ""
    kind, _, name = text.partition(":")
    wanted = KINDS.get(Share(limit.share))
    if wanted is None:
        raise UsageError(f"{limit} is one amount for all together, so --share names nothing.")
    if kind != wanted:
        raise UsageError(f"--share must be {wanted}:…, since the amount of {limit} is for each.")
    return f"{kind}:{find_api_key(name).row.pk}" if kind == SubjectKind.KEY else text


def _end(text: str) -> datetime:
    try:
        return timezone.now() + read_time_span(text)
    except TimeSpanError:
        return end_of(text)
