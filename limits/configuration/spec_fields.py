"""How each field of a limit is read from a configuration file."""

from __future__ import annotations

from typing import Any

from connections.configuration.entry import Reader, number, one_of, switch, text, texts
from limits.choices import Metric, Mode, OnOutage, Share, Unpriced, Window
from limits.configuration.numbers import amount
from limits.models.limits import SUBJECT_FIELDS


def _entries(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("must be a list of raises")  # noqa: TRY004 - one error per reader
    return value


def _per_cents(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(each) is int for each in value):
        raise ValueError("must be a list of whole per cents, such as [50, 80, 95, 100]")
    return tuple(value)


SUBJECT_READERS: dict[str, Reader] = dict.fromkeys(SUBJECT_FIELDS, text) | {"everyone": switch}
READERS: dict[str, Reader] = {
    "label": text,
    **SUBJECT_READERS,
    "share": one_of(Share),
    "models": texts,
    "endpoints": texts,
    "metric": one_of(Metric),
    "amount": amount,
    "window": one_of(filter(None, Window)),
    "time_zone": text,
    "mode": one_of(Mode),
    "on_outage": one_of(filter(None, OnOutage)),
    "unpriced": one_of(Unpriced),
    "assumed_per_million": amount,
    "wait_seconds": number,
    "clamps": switch,
    "thresholds": _per_cents,
    "alert_emails": texts,
    "enabled": switch,
    "raises": _entries,
}
