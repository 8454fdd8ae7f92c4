"""Amounts as files write them: exact, although YAML has binary fractions."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation


def amount(value: object) -> Decimal:
    """A number, or a string that is one. Raises ``ValueError``."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004 - one error per reader
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as exc:
        raise ValueError("must be a number") from exc
    if not number.is_finite() or number < 0:
        raise ValueError("must be a number of at least 0")
    return number


def as_number(number: Decimal) -> int | float | str:
    """What reads back as ``number``: a string where a binary fraction would not."""
    if number == number.to_integral_value():
        return int(number)
    fraction = float(number)
    return fraction if Decimal(str(fraction)) == number else f"{number.normalize():f}"
