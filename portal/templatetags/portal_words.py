"""Times, money and amounts as the portal's pages say them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from infrastructure.moments import Moment, span

register = template.Library()

STEPS = ((10**9, "G"), (10**6, "M"), (10**3, "k"))
LEAST_SHORTENED = 10_000


@register.simple_tag
def moment(at: datetime | None, never: str = "never") -> SafeString | str:
    """A time as a distance from now, with the exact one and its zone beside."""
    if at is None:
        return never
    told = Moment.of(at, now=datetime.now(UTC))
    shown = told.iso, told.exact, told.relative
    return format_html('<time datetime="{}" title="{}">{}</time>', *shown)


@register.filter
def short_number(value: Any) -> str:
    """``312 k`` for what is large; a number as it is else."""
    number = int(value or 0)
    if number < LEAST_SHORTENED:
        return f"{number:,}"
    for size, name in STEPS:
        if number >= size:
            shortened = number / size
            return f"{shortened:.1f} {name}" if shortened < 100 else f"{shortened:.0f} {name}"
    return str(number)


@register.filter
def dollars(value: Any) -> str:
    """Two places, or what says something of less than a cent."""
    amount = Decimal(value or 0)
    if not amount:
        return "$0"
    if amount >= Decimal("0.01"):
        return f"${amount:,.2f}"
    return f"${amount.quantize(Decimal('0.000001')).normalize():f}"


@register.filter
def rate(value: Any) -> str:
    """A price without zeros behind: ``1.25``, ``10``."""
    return f"{Decimal(value).normalize():f}"


@register.filter
def cost_of(line: Any) -> str:
    """The cost of a line of usage; an unknown one is not zero."""
    if line.is_cost_unknown:
        return "unknown"
    return ("~" if line.estimated else "") + dollars(line.cost)


@register.filter
def day_after(day: str) -> str:
    """``2026-05-02`` after ``2026-05-01``."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


@register.filter
def span_of(milliseconds: int | None) -> str:
    return span(milliseconds)
