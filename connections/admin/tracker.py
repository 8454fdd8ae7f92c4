"""24 hours of a connection as 24 bars, drawn on the server."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from connections.admin.from_above import ConnectionFigures, HourOfTraffic

STEP = 4  # the width of an hour, with its gap
UNTOUCHED = mark_safe('<span class="fact">no requests</span>')
MANY_FAILED = 0.1  # a share above which an hour is shown as bad


def tracker(figures: ConnectionFigures) -> SafeString:
    """What happened in words for those who cannot see it, and a bar for each hour."""
    if not figures.requests:
        return UNTOUCHED
    bars = format_html_join(
        "",
        '<g><title>{}</title><rect class="{}" x="{}" y="0" width="3" height="16"/></g>',
        (
            (_told(hour), f"hour-{_colour(hour)}", number * STEP)
            for number, hour in enumerate(figures.hours)
        ),
    )
    said = f"Last 24 hours: {figures.requests:,} requests, {figures.failed:,} failed"
    width = len(figures.hours) * STEP
    return format_html(
        '<svg class="tracker" viewBox="0 0 {} 16" role="img" aria-label="{}">{}</svg>',
        *(width, said, bars),
    )


def _told(hour: HourOfTraffic) -> str:
    failed = f", {hour.failed:,} failed" if hour.failed else ""
    return f"{hour.label}: {hour.requests:,} requests{failed}"


def _colour(hour: HourOfTraffic) -> str:
    if not hour.requests:
        return "none"
    if not hour.failed:
        return "fine"
    return "bad" if hour.failed / hour.requests > MANY_FAILED else "some"
