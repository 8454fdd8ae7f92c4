"""What the ledger holds of a limit: sums over records, and over the totals of days.

Costs are rounded to nano-dollars for each record, and lengths of sound to milliseconds, just as
:mod:`limits.counting.used` does. Totals of days are rounded once for each user, key, model and
connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from limits.choices import Share, SubjectKind, Unpriced
from limits.counting.used import MILLISECONDS, per_token
from limits.models import Limit
from limits.quantities import Quantities, nanodollars
from limits.windows import Span
from usage.models import UsageDay
from usage.periods import local_day, midnight
from wire_formats.figures import MOST

SHARES = {
    Share.POOL: "''",
    Share.EACH_USER: "'u' || user_id",
    Share.EACH_KEY: "'k' || REPLACE(CAST(key_id AS TEXT), '-', '')",
}
NOBODY = "1 = 0"
REQUESTS = "CASE WHEN attempts > 0 OR (status > 0 AND status < 400) THEN limit_requests ELSE 0 END"
INPUT = f"CASE WHEN prompt_tokens <= {MOST} THEN prompt_tokens ELSE 0 END"
OUTPUT = f"CASE WHEN completion_tokens <= {MOST} THEN completion_tokens ELSE 0 END"
SOUND = f"CASE WHEN audio_seconds <= {MOST} THEN audio_seconds * {MILLISECONDS} + 0.5 ELSE 0 END"
IMAGES = "CASE WHEN connection <> '' AND status > 0 AND status < 400 THEN images ELSE 0 END"
# In units of the column's last digit, and from those to the nearest, or else the even, nano-dollar.
FINEST = {
    "postgresql": "TRUNC(cost * 10000000000)",
    "sqlite": "CAST(ROUND(cost * 10000000000) AS INTEGER)",
}
NANODOLLARS = """
    ({n} - {n} % 10) / 10
    + CASE WHEN {n} % 10 > 5 OR ({n} % 10 = 5 AND ({n} - {n} % 10) / 10 % 2 = 1) THEN 1 ELSE 0 END
"""
ROUNDED_DOWN = {"postgresql": "FLOOR({x})", "sqlite": "CAST({x} AS INTEGER)"}


class LedgerSum(NamedTuple):
    """Of records that have all of this in common. ``is_marked``: they bear the period's mark."""

    share: str
    model: str
    upstream_model: str
    connection: str
    endpoint: str
    is_marked: bool
    records: int
    used: Quantities

    @property
    def models(self) -> tuple[str, ...]:
        """The ids that patterns of limits are held against."""
        return self.model, f"{self.connection}/{self.upstream_model}"


def record_sums(
    limit: Limit, share: Share, span: Span, *, marked_alone: bool = False
) -> Iterator[LedgerSum]:
    """The sums of records that were accepted in ``span``: of those that bear the mark of the
    period, and unless ``marked_alone`` of the limit's subject, as it is now.
    """
    subject, values = (NOBODY, []) if marked_alone else subject_of(limit)
    begin, end = (
        connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(second, UTC))
        for second in span
    )
    statement = _statement(limit, SHARES[share], subject)
    mark = [f'%"{limit.pk}:', f':{span.start}"%']
    with connection.cursor() as cursor:
        cursor.execute(statement, [*mark, begin, end, *values])
        for name, model, upstream_model, of, endpoint, is_marked, records, *sums in cursor:
            used = Quantities(*(int(each or 0) for each in sums))
            yield LedgerSum(
                name, model, upstream_model, of, endpoint, bool(is_marked), records, used
            )


def day_sums(limit: Limit, share: Share, span: Span) -> Iterator[LedgerSum]:
    """The sums of days that were pruned and lie wholly in ``span``.

    They tell neither endpoints, upstream models and images, nor which failures reached no upstream,
    nor what requests without a price took. Each request counts as one.
    """
    subject, values = subject_of(limit)
    first, last = _whole_days(span)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {SHARES[share]}, model, connection, SUM(requests), SUM(prompt_tokens), "  # noqa: S608 - the names are ours
            "SUM(completion_tokens), SUM(cost), SUM(audio_seconds) FROM usage_usageday "
            f"WHERE day >= %s AND day <= %s AND connection <> '' AND ({subject}) GROUP BY 1, 2, 3",
            [first, last, *values],
        )
        for name, model, of, requests, inputs, outputs, cost, seconds in cursor:
            used = Quantities(
                int(requests),
                int(inputs),
                int(outputs),
                nanodollars(Decimal(str(cost))),
                int(float(seconds) * MILLISECONDS + 0.5),
            )
            yield LedgerSum(name, model, model, of, "", False, int(requests), used)


def has_pruned_days(span: Span) -> bool:
    """Whether some of the records of ``span`` are totals by now."""
    first, last = (
        local_day(datetime.fromtimestamp(second, UTC)) for second in (span.start, span.end - 1)
    )
    return UsageDay.objects.filter(day__gte=first, day__lte=last).exists()


def subject_of(limit: Limit) -> tuple[str, list[Any]]:
    """A condition on records, and its values. Records do not tell the key of a connection."""
    match SubjectKind(limit.subject_kind):
        case SubjectKind.EVERYONE:
            return "1 = 1", []
        case SubjectKind.GROUP:
            members = "SELECT user_id FROM accounts_user_groups WHERE group_id = %s"
            return f"user_id IN ({members})", [limit.group_id]
        case SubjectKind.USER:
            return "user_id = %s", [limit.user_id]
        case SubjectKind.KEY if limit.key_id is not None:
            is_native = connection.features.has_native_uuid_field
            return "key_id = %s", [limit.key_id if is_native else limit.key_id.hex]
        case SubjectKind.CONNECTION if limit.connection is not None:
            return "connection = %s", [limit.connection.name]
        case _:
            return NOBODY, []


def _statement(limit: Limit, share: str, subject: str) -> str:
    vendor = connection.vendor
    nano = NANODOLLARS.format(n=FINEST[vendor]).replace("%", "%%")
    assumed = per_token(limit.assumed_per_million) if limit.unpriced == Unpriced.ASSUME else 0
    tokens = f"COALESCE({INPUT}, 0) + COALESCE({OUTPUT}, 0)"
    is_marked = f"limit_marks IS NOT NULL AND CAST(limit_marks AS TEXT) LIKE (%s || {share} || %s)"
    return f"""
        SELECT share, model, upstream_model, connection, endpoint, is_marked, COUNT(*),
            SUM({REQUESTS}), SUM({INPUT}), SUM({OUTPUT}),
            SUM(CASE WHEN cost IS NULL THEN ({tokens}) * {assumed} ELSE {nano} END),
            SUM({ROUNDED_DOWN[vendor].format(x=SOUND)}), SUM({IMAGES})
        FROM (
            SELECT {share} AS share, {is_marked} AS is_marked, usage_usagerow.*
            FROM usage_usagerow WHERE accepted_at >= %s AND accepted_at < %s
        ) AS told
        WHERE is_marked OR ({subject})
        GROUP BY 1, 2, 3, 4, 5, 6
    """  # noqa: S608 - the names are ours


def _whole_days(span: Span) -> tuple[date, date]:
    """The first and the last day that lie wholly in ``span``, in ``GATEWAY_TIME_ZONE``."""
    begin, end = (datetime.fromtimestamp(second, UTC) for second in span)
    first, last = local_day(begin), local_day(end)
    if midnight(first) < begin:
        first += timedelta(days=1)
    return first, last - timedelta(days=1)
