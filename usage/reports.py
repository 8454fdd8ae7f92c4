"""Usage and cost: sums over the totals of hours, and of older days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from accounts.models import User
from usage.models import PriceSource
from usage.sources import Sources, one_moment
from wire_formats.figures import MOST


class By(StrEnum):
    """The grouping of a report: one line for each."""

    USER = "user"
    MODEL = "model"
    CONNECTION = "connection"
    KEY = "key"
    GROUP = "group"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


OF_TIME = frozenset({By.HOUR, By.DAY, By.MONTH})
COLUMN_OF = {
    By.USER: "user_id",
    By.MODEL: "model",
    By.CONNECTION: "connection",
    By.KEY: "key_hint",
    By.GROUP: "user_id",
}
NO_GROUP = "(no group)"
IS_FAILED = Q(status__gte=400) | ~Q(error_code="")
IS_UNPRICED = Q(cost__isnull=True, status__lt=400)
IS_ESTIMATED = Q(cost__isnull=False, price__source=PriceSource.ESTIMATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The sums of one group. ``cost`` is in US dollars, without the ``unpriced`` requests.

    ``estimated`` requests have the list's price for another host or service tier. ``user_id`` is
    of the user that a line stands for, if it stands for one.
    """

    group: str
    user_id: int | None = None
    requests: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    audio_prompt_tokens: int = 0
    audio_completion_tokens: int = 0
    audio_seconds: float = 0.0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    estimated: int = 0

    def __add__(self, other: Line) -> Line:
        sums = {name: getattr(self, name) + getattr(other, name) for name in SUMS}
        return replace(self, **sums)

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def is_cost_unknown(self) -> bool:
        """Whether no request that should have a price has one: that is not zero."""
        return bool(self.unpriced and not self.cost)

    def as_json(self) -> dict[str, Any]:
        """``cost`` becomes a text, which no reader rounds, or None where it is unknown."""
        values = {name: getattr(self, name) for name in SUMS}
        cost = None if self.is_cost_unknown else f"{self.cost.normalize():f}"
        return {"group": self.group, **values, "cost": cost}


SUMS = tuple(field.name for field in fields(Line) if field.name not in {"group", "user_id"})
COUNTS = frozenset({"requests", "failed", "unpriced", "estimated"})
TOLD_SUMS = tuple(name for name in SUMS if name not in COUNTS and name != "cost")


def report(
    by: By, *, since: datetime, until: datetime, user_id: int | None = None
) -> tuple[Line, ...]:
    """The lines of a period, ``until`` not included; of one user, if ``user_id`` is given.

    Times in their order, everything else by cost and then by requests. A day that was pruned counts
    whole where the period touches it, and has no hours. Who is in several groups counts in each.
    Of users of one name, those who were deleted have their id behind it.
    """
    lines: dict[str, Line] = {}
    with one_moment():
        found = iter(list(_lines(by, since=since, until=until, user_id=user_id)))
    if by is By.GROUP:
        found = _by_group(found)
    elif by is By.USER:
        found = _by_user(found)
    for line in found:
        lines[line.group] = lines[line.group] + line if line.group in lines else line
    if by in OF_TIME:
        return tuple(sorted(lines.values(), key=lambda line: line.group))
    return tuple(sorted(lines.values(), key=lambda line: (-line.cost, -line.requests, line.group)))


def _lines(by: By, *, since: datetime, until: datetime, user_id: int | None) -> Iterator[Line]:
    sources = Sources.of(since, until, user_id)
    for rows in sources.rows:
        yield from _of_rows(rows, by)
    if sources.hours is not None:
        yield from _of_totals(sources.hours, by, F("hour"))
    yield from _of_totals(sources.days, by, F("day"), most=F("requests") * MOST)


def _of_rows(rows: QuerySet[Any], by: By) -> Iterator[Line]:
    if by in OF_TIME:
        zone = timezone.get_default_timezone()
        rows = rows.annotate(of_time=TruncHour("accepted_at", tzinfo=zone))
    return _grouped(
        rows,
        by,
        most=MOST,
        requests=Count("pk"),
        failed=Count("pk", filter=IS_FAILED),
        unpriced=Count("pk", filter=IS_UNPRICED),
        estimated=Count("pk", filter=IS_ESTIMATED),
    )


def _of_totals(totals: QuerySet[Any], by: By, of_time: F, *, most: Any = None) -> Iterator[Line]:
    if by in OF_TIME:
        totals = totals.annotate(of_time=of_time)
    counts = {name: Sum(name) for name in COUNTS}
    return _grouped(totals, by, most=most, **counts)


def _grouped(source: QuerySet[Any], by: By, *, most: Any, **counts: Any) -> Iterator[Line]:
    """Adds up only values of at most ``most``, so that no sum passes 64 bits.

    Hours have none beyond that, and a condition for each figure takes as long as the sums.
    """
    sums = {f"total_{name}": Sum(name, filter=_up_to(name, most)) for name in TOLD_SUMS}
    sums["total_cost"] = Sum("cost")
    totals = {f"total_{name}": expression for name, expression in counts.items()}
    column = F(COLUMN_OF.get(by, "of_time"))
    names = {"name": F("username")} if by is By.USER else {}
    grouped = source.order_by().values(group=column, **names).annotate(**sums, **totals)
    for found in grouped.iterator():
        values: dict[str, Any] = {name: found[f"total_{name}"] or 0 for name in SUMS}
        values["cost"] = Decimal(values["cost"])
        behind = f" {found['name']}" if names else ""
        yield Line(group=f"{_label(by, found['group'])}{behind}", **values)


def _up_to(name: str, most: Any) -> Q | None:
    return None if most is None else Q(**{f"{name}__lte": most})


def _by_group(lines: Iterable[Line]) -> Iterator[Line]:
    """``lines`` of users, by their ids, as lines of the groups that these are in now."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for user, group in User.objects.filter(groups__isnull=False).values_list("pk", "groups__name"):
        groups[str(user)].append(group)
    for line in lines:
        for group in groups.get(line.group, [NO_GROUP]):
            yield replace(line, group=group)


def _by_user(lines: Iterable[Line]) -> Iterator[Line]:
    """``lines`` of ids and names, by the names that the users have now or had at last."""
    told = [(*_id_and_name(line), line) for line in lines]
    ids = {user_id for user_id, _, _ in told}
    present = dict(User.objects.filter(pk__in=ids).values_list("pk", "username"))
    names = {user_id: name for user_id, name, _ in told} | present
    bearers = Counter(names.values())
    for user_id, _, line in told:
        name = names[user_id]
        is_one_of_several = bearers[name] > 1 and user_id not in present
        shown = f"{name} (id {user_id})" if is_one_of_several else name
        yield replace(line, group=shown, user_id=user_id)


def _id_and_name(line: Line) -> tuple[int, str]:
    user_id, _, name = line.group.partition(" ")
    return int(user_id), name


def _label(by: By, group: Any) -> str:
    """The name of a line. Times are those of hours, or days that were pruned."""
    if by not in OF_TIME:
        return str(group)
    if isinstance(group, datetime):
        group = group.astimezone(timezone.get_default_timezone())
        if by is By.HOUR:
            return f"{group:%Y-%m-%d %H:00}"
    return f"{group:%Y-%m}" if by is By.MONTH else f"{group:%Y-%m-%d}"
