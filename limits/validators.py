"""What the fields of a limit may hold."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from limits.choices import OF_UPSTREAMS, Metric, Share, SubjectKind

DIVISIBLE = frozenset({Metric.USD, Metric.AUDIO_SECONDS})


def validate_label(value: str) -> None:
    """A label is shown in one line of error messages and of the log."""
    if not value.isprintable() or value != value.strip():
        raise ValidationError("A label has no line breaks, and no spaces around it.")


def validate_zone(value: str) -> None:
    if value and value not in available_timezones():
        raise ValidationError(f"There is no time zone {value!r}. One is Europe/Berlin.")


def validate_amount(metric: Metric, amount: Decimal) -> None:
    """Only dollars and seconds come in fractions."""
    if metric not in DIVISIBLE and amount != amount.to_integral_value():
        raise ValidationError("Give a whole number: only dollars and seconds have fractions.")


def validate_share(kind: SubjectKind, share: Share) -> None:
    """What is sent to a provider is counted together, whoever asked."""
    if kind in OF_UPSTREAMS and share is not Share.POOL:
        raise ValidationError("A limit of a connection or of its key is for all together.")


def validate_wait(kind: SubjectKind, wait_seconds: float) -> None:
    """Attempts wait for a limit of an upstream as long as the policy of their route says."""
    if kind in OF_UPSTREAMS and wait_seconds:
        raise ValidationError(
            "Requests wait for a limit of a connection or of its key within the patience of "
            "their route's policy: leave this at 0."
        )


def validate_thresholds(value: Any) -> None:
    is_list = isinstance(value, list)
    if not is_list or not all(type(each) is int and 1 <= each <= 1000 for each in value):
        raise ValidationError("Give a list of whole per cents, such as [50, 80, 95, 100].")


def validate_addresses(values: Iterable[str]) -> None:
    """A mail to one that is none is never sent, to anybody."""
    for value in values:
        try:
            validate_email(value)
        except ValidationError as exc:
            raise ValidationError(f"{value!r} is no mail address.") from exc
