"""Usage and cost: sums over the totals of hours, and of older days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from accounts.models import User
from usage.report_lines import ADDED, OF_TIME, SUMS, By, Line
from usage.report_sums import IS_ESTIMATED, IS_UNPRICED, ByLabel, sums_of
from usage.sources import Sources, days_of, hours_of, one_moment

__all__ = [
    "IS_ESTIMATED",
    "IS_UNPRICED",
    "SUMS",
    "By",
    "Line",
    "days_of_model",
    "report",
    "reports",
]

NO_GROUP = "(no group)"


def report(
    by: By, *, since: datetime, until: datetime, user_id: int | None = None
) -> tuple[Line, ...]:
    """The lines of a period, ``until`` not included; of one user, if ``user_id`` is given.

    Times in their order, everything else by cost and then by requests. A day that was pruned counts
    whole where the period touches it, and has no hours. A user of several groups counts in each.
    Of users of one name, those who were deleted have their id behind it.
    """
    (lines,) = reports((by,), since=since, until=until, user_id=user_id).values()
    return lines


def reports(
    wanted: Iterable[By],
    *,
    since: datetime,
    until: datetime,
    user_id: int | None = None,
    figures: Sequence[str] = SUMS,
) -> dict[By, tuple[Line, ...]]:
    """Several reports of one period and one moment, each as :func:`report` gives it.

    ``figures`` are those of ``SUMS`` that are added up; the others stay zero.
    """
    with one_moment():
        sources = Sources.of(since, until, user_id).without_empty()
        found = sums_of(wanted, sources, figures)
    return {by: _in_order(by, _named(by, _lines(sums, figures))) for by, sums in found.items()}


def days_of_model(model: str, *, since: datetime, until: datetime) -> tuple[Line, ...]:
    """The days of a period, in their order, by the requests of ``model``: the id that clients
    called. ``since`` and ``until`` are borders of days.

    Two queries over totals alone, so that rows are left out which an older version stored and no
    hour counts yet.
    """
    hours, days = (of(since, until).filter(model=model) for of in (hours_of, days_of))
    totals = Sources(edges=None, uncounted=None, hours=hours, days=days)
    return _in_order(By.DAY, _lines(sums_of([By.DAY], totals, ADDED)[By.DAY], ADDED))


def _lines(sums: ByLabel, figures: Sequence[str]) -> list[Line]:
    return [
        Line(group=label, **dict(zip(figures, values, strict=True)))
        for label, values in sums.items()
    ]


def _named(by: By, lines: Iterable[Line]) -> Iterable[Line]:
    if by is By.GROUP:
        return _by_group(lines)
    return _by_user(lines) if by is By.USER else lines


def _in_order(by: By, found: Iterable[Line]) -> tuple[Line, ...]:
    """A line for each name: times in their order, everything else by what it cost."""
    lines: dict[str, Line] = {}
    for line in found:
        lines[line.group] = lines[line.group] + line if line.group in lines else line
    if by in OF_TIME:
        return tuple(sorted(lines.values(), key=lambda line: line.group))
    return tuple(sorted(lines.values(), key=lambda line: (-line.cost, -line.requests, line.group)))


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
