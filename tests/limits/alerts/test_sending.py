from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.core import mail
from django.utils import timezone

from connections.models import Connection
from limits.alerts.crossings import Crossings
from limits.alerts.message import message_of
from limits.alerts.sending import MOST_ATTEMPTS, AlertSender, DeliveryError, lease_due
from limits.marks import Mark
from limits.models import LimitAlert, Period
from limits.quantities import Quantities
from tests.limits.rows import make_limit, make_period

DOLLAR = 10**9
URL = "https://hooks.example/alerts"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

pytestmark = pytest.mark.django_db(transaction=True)


class Receiver:
    """Takes deliveries, or answers what a test says."""

    def __init__(self) -> None:
        self.status: int | None = 204
        self.got: list[tuple[str, dict[str, Any], dict[str, str]]] = []

    async def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        if self.status is None:
            raise DeliveryError("no answer")
        self.got.append((url, orjson.loads(body), headers))
        return self.status


@pytest.fixture
def receiver(settings: Any) -> Receiver:
    settings.GATEWAY_WEBHOOK_URL, settings.GATEWAY_WEBHOOK_SECRET = URL, SECRET
    settings.EMAIL_URL = "smtp://mail.example"
    settings.GATEWAY_ALERT_EMAILS = ["ops@example.com"]
    return Receiver()


def crossed(threshold: int = 80, **fields: Any) -> LimitAlert:
    limit = make_limit(thresholds=[threshold], **fields)
    period = make_period(limit, share="", nanodollars=12 * DOLLAR)
    Crossings().note({Mark(limit.pk, "", period.start): period.quantities})
    return LimitAlert.objects.get(limit=limit)


def due_again() -> None:
    LimitAlert.objects.update(leased_until=timezone.now() - timedelta(seconds=1))


async def test_an_alert_goes_by_mail_and_webhook_once(receiver: Receiver) -> None:
    await sync_to_async(crossed)(alert_emails=["lead@example.com"])
    workers = [AlertSender(receiver), AlertSender(receiver)]
    assert [await worker.send_due() for worker in workers] == [1, 0]
    await sync_to_async(due_again)()
    assert [await worker.send_due() for worker in workers] == [0, 0]
    [letter] = mail.outbox
    assert letter.to == ["lead@example.com", "ops@example.com"]
    assert letter.subject == "Gatehouse: interns has reached 80 %"
    assert "Used: 12 of 10 US dollars." in letter.body
    assert "Used: 12 of 10 US dollars." in letter.alternatives[0][0]
    assert "://" not in letter.body  # the gateway's address is not known
    [(url, told, headers)] = receiver.got
    assert (url, told["type"]) == (URL, "limit.threshold_reached")
    assert told["data"] | {"resets_at": ""} == {
        "limit": "interns",
        "share": "",
        "threshold_percent": 80,
        "metric": "usd",
        "window": "day",
        "mode": "enforce",
        "amount": "10",
        "used": "12",
        "resets_at": "",
    }
    assert headers["webhook-id"].startswith("limit-alert-")
    assert headers["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize("status", [None, 302, 500])
async def test_a_webhook_that_fails_is_called_again_and_the_mail_is_not_sent_twice(
    receiver: Receiver, status: int | None
) -> None:
    await sync_to_async(crossed)()
    sender = AlertSender(receiver)
    receiver.status = status
    assert await sender.send_due() == 1
    assert await sender.send_due() == 0  # it rests
    await sync_to_async(due_again)()
    receiver.status, receiver.got = 200, []
    assert await sender.send_due() == 1
    assert len(receiver.got) == len(mail.outbox) == 1
    await sync_to_async(due_again)()
    assert await sender.send_due() == 0


async def test_a_mail_server_that_is_away_holds_up_no_webhook(
    receiver: Receiver, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    await sync_to_async(crossed)()
    assert await AlertSender(receiver).send_due() == 1
    assert len(receiver.got) == 1
    alert = await LimitAlert.objects.aget()
    assert (alert.mailed_at, alert.posted_at is not None) == (None, True)
    assert "An alert of the limit interns is not sent" in caplog.text


async def test_a_mail_leads_to_the_limit_by_the_public_url(
    receiver: Receiver, settings: Any
) -> None:
    settings.GATEWAY_PUBLIC_URL = "https://gw.example/gate"
    alert = await sync_to_async(crossed)(label="<b>interns</b>\r\nBcc: eve@example.com")
    await AlertSender(receiver).send_due()
    [letter] = mail.outbox
    url = f"https://gw.example/gate/admin/limits/limit/{alert.limit_id}/change/"
    assert url in letter.body
    assert f'href="{url}"' in letter.alternatives[0][0]
    assert "<b>interns" not in letter.alternatives[0][0]
    assert letter.subject == "Gatehouse: <b>interns</b> Bcc: eve@example.com has reached 80 %"
    assert letter.recipients() == ["ops@example.com"]


async def test_an_address_that_is_none_ends_no_alert_but_its_own(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    await sync_to_async(crossed)(alert_emails=["a@b.example\nBcc: c@d.example"])
    assert await AlertSender(receiver).send_due() == 1
    assert len(receiver.got) == 1
    assert mail.outbox == []
    assert "not fit for a mail" in caplog.text


async def test_without_anybody_to_tell_an_alert_is_not_said_to_be_sent(
    receiver: Receiver, settings: Any
) -> None:
    settings.GATEWAY_WEBHOOK_URL = settings.EMAIL_URL = ""
    await sync_to_async(crossed)()
    assert await AlertSender(receiver).send_due() == 1
    alert = await LimitAlert.objects.aget()
    assert (alert.mailed_at, alert.posted_at) == (None, None)


def test_an_alert_of_yesterday_is_not_sent_any_more() -> None:
    crossed()
    LimitAlert.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert lease_due(timezone.now()) == []


def test_what_is_told_of_a_total_and_of_a_period_whose_row_is_gone() -> None:
    total = make_limit("trial", window="total", thresholds=[100])
    start = 0
    Crossings().note({Mark(total.pk, "", start): Quantities(nanodollars=10 * DOLLAR)})
    text = message_of(LimitAlert.objects.get()).letter.text()
    assert "Requests are refused from now on." in text
    assert "again" not in text
    alert = crossed()
    Period.objects.all().delete()
    ends = message_of(alert).payload["data"]["resets_at"]
    assert ends == datetime.fromtimestamp(alert.start + 86400, UTC).isoformat()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"mode": "warn"}, "the limit only warns."),
        ({"mode": "shadow"}, "the limit only counts."),
        ({"subject_kind": "connection"}, "Requests go to other upstreams from now on"),
    ],
)
def test_what_follows_is_told_as_it_is(fields: dict[str, Any], words: str) -> None:
    if "subject_kind" in fields:
        one = Connection.objects.create(name="one", base_url="https://one.example/v1")
        fields = fields | {"connection": one, "share": "pool"}
    given = {"limit": make_limit(**fields), "threshold": 100, "created_at": timezone.now()}
    alert = LimitAlert(start=0, **given)
    assert words in message_of(alert).letter.text()


def test_a_worker_that_died_with_a_lease_is_followed_by_another() -> None:
    crossed()
    assert len(lease_due(timezone.now())) == 1
    assert lease_due(timezone.now()) == []
    assert len(lease_due(timezone.now() + timedelta(minutes=3))) == 1


def test_attempts_end() -> None:
    crossed()
    LimitAlert.objects.update(attempts=MOST_ATTEMPTS)
    assert lease_due(timezone.now()) == []
