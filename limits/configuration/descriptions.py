"""Limits in words, as people read them in the admin and in commands."""

from __future__ import annotations

from decimal import Decimal

from limits.choices import Metric, Share, SubjectKind, Window
from limits.models import Limit
from limits.quantities import amount_of

NOUNS = {
    Metric.REQUESTS: ("request", "requests"),
    Metric.TOKENS: ("token", "tokens"),
    Metric.INPUT_TOKENS: ("input token", "input tokens"),
    Metric.OUTPUT_TOKENS: ("output token", "output tokens"),
    Metric.CONCURRENCY: ("request", "requests"),
    Metric.AUDIO_SECONDS: ("second of audio", "seconds of audio"),
    Metric.IMAGES: ("image", "images"),
}
PERIODS = {
    Window.NONE: "at once",
    Window.MINUTE: "a minute",
    Window.HOUR: "an hour",
    Window.DAY: "a day",
    Window.WEEK: "a week",
    Window.MONTH: "a month",
    Window.TOTAL: "in total",
}
EACH = {Share.POOL: "together", Share.EACH_USER: "each user", Share.EACH_KEY: "each key"}
ONE = {SubjectKind.USER: Share.EACH_USER, SubjectKind.KEY: Share.EACH_KEY}  # has no others


def limit_in_words(limit: Limit) -> str:
    """``20 requests a minute, each user``."""
    metric, share = Metric(limit.metric), Share(limit.share)
    kind = SubjectKind(limit.subject_kind)
    said = f"{amount_in_words(metric, limit.amount)} {PERIODS[Window(limit.window)]}"
    is_alone = kind in ONE and share in {Share.POOL, ONE[kind]}
    return said if is_alone else f"{said}, {EACH[share]}"


def subject_in_words(limit: Limit) -> str:
    """``group interns``. Reads the row that the limit is for."""
    match SubjectKind(limit.subject_kind):
        case SubjectKind.EVERYONE:
            return "everyone"
        case SubjectKind.KEY if limit.key is not None:
            return f"key {limit.key} of {limit.key.user}"
        case SubjectKind.CONNECTION_KEY if limit.connection_key is not None:
            return f"key {limit.connection_key} of {limit.connection_key.connection}"
        case kind:
            return f"{kind.value} {getattr(limit, kind.value)}"


def amount_in_words(metric: Metric, amount: Decimal) -> str:
    """``1,000 tokens``, or ``$2.50``: dollars have two decimals, or as many as they need."""
    if metric is Metric.USD:
        return _dollars(amount)
    one, many = NOUNS[metric]
    return f"{plain(amount)} {one if amount == 1 else many}"


def units_in_words(metric: Metric, count: int) -> str:
    """:func:`amount_in_words` of what a meter counts."""
    return amount_in_words(metric, amount_of(metric, count))


def figure(metric: Metric, count: int) -> str:
    """:func:`units_in_words` without the noun."""
    amount = amount_of(metric, count)
    return _dollars(amount) if metric is Metric.USD else plain(amount)


def plain(amount: Decimal) -> str:
    """``amount`` with commas and without zeros behind its last decimal."""
    return f"{amount.normalize():,f}"


def _dollars(amount: Decimal) -> str:
    decimals = -int(amount.normalize().as_tuple().exponent)
    return f"${amount:,.2f}" if decimals <= 2 else f"${plain(amount)}"
