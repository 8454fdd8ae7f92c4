"""Alerts at two thresholds: a mail and a signed delivery of each, and no more."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from typing import Any

import pytest

from tests.acceptance.limits.conftest import SECRET
from tests.acceptance.limits.site import Crowd, Site, statuses
from tests.acceptance.limits.sums import table
from tests.acceptance.resilience.routed import connection
from tests.support.mail_sink import MailSink
from tests.support.processes import wait_until
from tests.support.responders import RecordedRequest
from tests.support.scripted_upstream import answer, numbered
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

WORDS = 100
PRICE = {"model": "alerting", "input_per_million": "0", "output_per_million": "10"}
BUDGET = {
    "label": "budget of ten chats",
    "user": "spender",
    "metric": "usd",
    "window": "month",
    "amount": "0.01",
    "thresholds": [50, 100],
}


@pytest.fixture(scope="module", autouse=True)
def offered(site: Site) -> None:
    site.offer([connection("alerting", site.upstream, "alerting")])
    site.upstream.tell(answer(numbered(WORDS)))


async def test_each_threshold_is_told_once(
    site: Site, hook: ScriptedUpstream, sink: MailSink
) -> None:
    hook.requests.clear()
    sink.mails.clear()
    keys, ids = await asyncio.to_thread(site.make, ["spender"], [BUDGET], [PRICE])
    async with Crowd(site) as crowd:
        for count, thresholds in ((4, []), (3, [50]), (20, [50, 100])):
            await crowd.chats(count, keys["spender"], model="alerting", max_tokens=WORDS)
            await asyncio.to_thread(wait_for_alerts, site, ids[str(BUDGET["label"])], thresholds)
        spent = await crowd.chats(20, keys["spender"], model="alerting", max_tokens=WORDS)
    assert statuses(spent) == {429: 20}
    told = [each for each in hook.calls if each.json["data"]["limit"] == BUDGET["label"]]
    assert [each.json["data"]["threshold_percent"] for each in told] == [50, 100]
    assert all(is_signed(each) for each in told)
    assert len({each.header("webhook-id") for each in told}) == 2
    mails = [mail for mail in sink.mails if str(BUDGET["label"]) in mail["subject"]]
    assert [mail["to"] for mail in mails] == ["ops@example.com"] * 2
    assert mails[0]["subject"].endswith("has reached 50 %")
    assert mails[1]["subject"].endswith("is used up")


def wait_for_alerts(site: Site, limit_id: int, thresholds: list[int]) -> None:
    """Until these are sent. Each was tried once, and what is sent is not tried again."""

    def alerts() -> list[dict[str, Any]]:
        rows = table(site.first, "limits_limitalert")
        own = [each for each in rows if each["limit_id"] == limit_id]
        return sorted(own, key=lambda each: each["threshold"])

    def are_sent() -> bool:
        found = alerts()
        return [each["threshold"] for each in found] == thresholds and all(
            each["mailed_at"] and each["posted_at"] for each in found
        )

    wait_until(are_sent, what=f"alerts at {thresholds}")
    assert {each["attempts"] for each in alerts()} <= {1}


def is_signed(delivery: RecordedRequest) -> bool:
    """By the operator's secret, as https://www.standardwebhooks.com has it."""
    told = [delivery.header(name) or "" for name in ("webhook-id", "webhook-timestamp")]
    signed = b".".join((*(each.encode() for each in told), delivery.body))
    digest = hmac.new(base64.b64decode(SECRET), signed, hashlib.sha256).digest()
    return delivery.header("webhook-signature") == f"v1,{base64.b64encode(digest).decode()}"
