"""Sending alerts: each by one worker, and again after a failure, less and less often.

A lease keeps the others away while one sends. Whoever dies between sending and noting it lets the
lease run out, and the alert is sent a second time, with the same ``webhook-id``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

import orjson
from channels.db import database_sync_to_async
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.changes import DATABASE_ERRORS
from infrastructure.outages import Cause, outages
from limits.alerts.message import AlertMessage, message_of
from limits.alerts.signature import signed_headers
from limits.models import LimitAlert

logger = logging.getLogger(__name__)

Post = Callable[[str, bytes, dict[str, str]], Awaitable[int]]
LOOK_SECONDS = 5.0
LEASE = timedelta(minutes=2)
OLDEST = timedelta(days=1)  # of an alert that is worth sending still
LONGEST_PAUSE = timedelta(hours=6)
MOST_ATTEMPTS = 20
BATCH = 50
UNREAD = Cause(
    lost="Alerts of limits cannot be read, and are sent later", back="Alerts can be read again"
)


class DeliveryError(Exception):
    """The other side did not take it. The message holds no secret."""


class AlertSender:
    """One worker's part. ``post`` sends a body with headers to a URL, and gives the status.

    ``post`` raises ``DeliveryError`` where there is no answer.
    """

    def __init__(self, post: Post) -> None:
        self._post = post

    async def run(self) -> None:
        """Send what is due until cancelled."""
        while True:
            try:
                await self.send_due()
            except DATABASE_ERRORS as exc:
                outages.begin(UNREAD, exc)
            else:
                outages.end(UNREAD)
            await asyncio.sleep(LOOK_SECONDS)

    async def send_due(self) -> int:
        """Send the alerts that are due and not leased; how many. Raises a database's errors."""
        leased = await database_sync_to_async(lease_due)(timezone.now())
        for alert, message in leased:
            await self._send(alert, message)
        return len(leased)

    async def _send(self, alert: LimitAlert, message: AlertMessage) -> None:
        done: dict[str, Any] = {}
        for field, deliver in (("mailed_at", self._mailed), ("posted_at", self._posted)):
            if getattr(alert, field) is not None:
                continue
            try:
                is_delivered = await deliver(alert, message)
            except DeliveryError as exc:
                logger.warning("An alert of the limit %s is not sent: %s", alert.limit, exc)
            else:
                done |= {field: timezone.now()} if is_delivered else {}
        await database_sync_to_async(_note)(alert, done)

    async def _mailed(self, alert: LimitAlert, message: AlertMessage) -> bool:
        """False where nobody is to be told that way."""
        to = sorted({*settings.GATEWAY_ALERT_EMAILS, *alert.limit.alert_emails})
        if not to or not settings.EMAIL_URL:
            return False
        try:
            await asyncio.to_thread(message.letter.send, to)
        except (SMTPException, OSError) as exc:
            raise DeliveryError(f"the mail server says {type(exc).__name__}") from exc
        except ValueError as exc:  # one alert that cannot be sent must not hold up the others
            raise DeliveryError("an address or the subject is not fit for a mail") from exc
        return True

    async def _posted(self, alert: LimitAlert, message: AlertMessage) -> bool:
        """False where nobody is to be told that way."""
        if not settings.GATEWAY_WEBHOOK_URL:
            return False
        body = orjson.dumps(message.payload)
        headers = signed_headers(
            body,
            id=f"limit-alert-{alert.pk}",
            timestamp=int(timezone.now().timestamp()),
            secret=settings.GATEWAY_WEBHOOK_SECRET,
        )
        status = await self._post(
            settings.GATEWAY_WEBHOOK_URL, body, {"content-type": "application/json", **headers}
        )
        if not 200 <= status < 300:
            raise DeliveryError(f"the webhook answers {status}")
        return True


def lease_due(now: datetime) -> list[tuple[LimitAlert, AlertMessage]]:
    """The alerts that this worker is to send now, none of which another one has. Blocks."""
    due = LimitAlert.objects.filter(
        Q(mailed_at__isnull=True) | Q(posted_at__isnull=True),
        Q(leased_until__isnull=True) | Q(leased_until__lte=now),
        attempts__lt=MOST_ATTEMPTS,
        created_at__gt=now - OLDEST,
    )
    leased = []
    for alert in due.select_related("limit").order_by("pk")[:BATCH]:
        mine = LimitAlert.objects.filter(pk=alert.pk, leased_until=alert.leased_until)
        if mine.update(leased_until=now + LEASE, attempts=alert.attempts + 1):
            alert.attempts += 1
            leased.append((alert, message_of(alert)))
    return leased


def _note(alert: LimitAlert, done: dict[str, Any]) -> None:
    pause = min(timedelta(seconds=30) * 2**alert.attempts, LONGEST_PAUSE)
    LimitAlert.objects.filter(pk=alert.pk).update(leased_until=timezone.now() + pause, **done)
