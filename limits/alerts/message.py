"""The words of an alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.models import ApiKey, User
from accounts.public_url import public_link
from infrastructure.letters import Letter
from limits.alerts.crossings import amount_now
from limits.choices import OF_UPSTREAMS, Metric, Mode, Window
from limits.models import Limit, LimitAlert, Period
from limits.quantities import amount_of
from limits.windows import end_of, zone_of
from wire_formats.json_types import JsonObject

EVENT = "limit.threshold_reached"
USED_UP = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMessage:
    """``payload`` is the JSON object for the webhook. Its amounts are texts, in an administrator's
    units, since a float is no place for money."""

    subject: str
    lines: tuple[str, ...]
    payload: JsonObject
    limit_id: int

    @property
    def letter(self) -> Letter:
        """The alert as a mail, with a link to the limit where the gateway's address is known."""
        return Letter(
            subject=self.subject,
            lines=self.lines,
            action="Open the limit",
            url=public_link("admin:limits_limit_change", self.limit_id),
            reason="You get this mail because this address is told of alerts: of this limit, or "
            "of all by GATEWAY_ALERT_EMAILS.",
        )


def message_of(alert: LimitAlert) -> AlertMessage:
    """What there is to tell now of an alert. Blocks on the database."""
    limit = alert.limit
    metric = Metric(limit.metric)
    place = {"limit": limit, "share": alert.share, "start": alert.start}
    period = Period.objects.filter(**place).first() or Period(**place, end=_usual_end(alert))
    used = f"{amount_of(metric, period.quantities.of(metric)).normalize():f}"
    amount = f"{amount_of(metric, amount_now(limit, alert.share)).normalize():f}"
    who = name_of(alert.share)
    of_whom = f" of {who}" if who else ""
    state = "is used up" if alert.threshold >= USED_UP else f"has reached {alert.threshold} %"
    ends = _end(period, limit.time_zone)
    lines = (
        f"The limit {limit.label!r}{of_whom} {state}.",
        f"Used: {used} of {amount} {limit.get_metric_display()}.",
        _consequence(limit, alert.threshold),
        f"The count begins again on {ends:%Y-%m-%d at %H:%M %Z}." if ends else "",
    )
    return AlertMessage(
        subject=f"Gatehouse: {limit.label}{of_whom} {state}",
        lines=tuple(filter(None, lines)),
        limit_id=limit.pk,
        payload={
            "type": EVENT,
            "timestamp": alert.created_at.astimezone(UTC).isoformat(timespec="seconds"),
            "data": {
                "limit": limit.label,
                "share": who,
                "threshold_percent": alert.threshold,
                "metric": metric.value,
                "window": limit.window,
                "mode": limit.mode,
                "amount": amount,
                "used": used,
                "resets_at": ends.astimezone(UTC).isoformat() if ends else None,
            },
        },
    )


def name_of(share: str) -> str:
    """Who has the share: a user's name, a key's hint; empty for a pool."""
    if share.startswith("u"):
        user = User.objects.filter(pk=share[1:]).first()
        return f"user {user.username}" if user is not None else f"a deleted user ({share[1:]})"
    if share.startswith("k"):
        key = ApiKey.objects.select_related("user").filter(pk=share[1:]).first()
        return f"key {key.hint} of {key.user.username}" if key is not None else "a deleted key"
    return ""


def _end(period: Period, zone: str) -> datetime | None:
    if period.limit.window == Window.TOTAL:
        return None
    return datetime.fromtimestamp(period.end, zone_of(zone))


def _usual_end(alert: LimitAlert) -> int:
    """Of a period whose row is gone."""
    limit = alert.limit
    return end_of(Window(limit.window), zone_of(limit.time_zone), alert.start)


def _consequence(limit: Limit, threshold: int) -> str:
    if threshold < USED_UP:
        return ""
    match Mode(limit.mode):
        case Mode.ENFORCE if limit.subject_kind in OF_UPSTREAMS:
            return "Requests go to other upstreams from now on, as far as there are any."
        case Mode.ENFORCE:
            return "Requests are refused from now on."
        case mode:
            does = "warns" if mode is Mode.WARN else "counts"
            return f"Requests pass all the same: the limit only {does}."
