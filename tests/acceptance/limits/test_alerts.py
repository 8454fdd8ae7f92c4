"""Alerts at two thresholds: a mail and a signed delivery of each, and no more."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.limits.site import Crowd, Site, running_site, statuses
from tests.acceptance.limits.sums import table
from tests.acceptance.resilience.routed import connection
from tests.support.mail_sink import MailSink, mail_sink
from tests.support.processes import wait_until
from tests.support.responders import RecordedRequest, json_response
from tests.support.scripted_upstream import BilledUpstream, answer, numbered
from tests.support.stores import BACKINGS, Stores
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

SECRET = base64.b64encode(bytes(range(32))).decode()
WORDS = 100
PRICE = {"model": "one", "input_per_million": "0", "output_per_million": "10"}
BUDGET = {
    "label": "budget of ten chats",
    "user": "spender",
    "metric": "usd",
    "window": "month",
    "amount": "0.01",
    "thresholds": [50, 100],
}


@pytest.fixture(scope="module")
def hook() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as hook:
        hook.on("POST", "/v1/hook", json_response({}))
        yield hook


@pytest.fixture(scope="module")
def sink() -> Iterator[MailSink]:
    with mail_sink() as sink:
        yield sink


@pytest.fixture(scope="module", params=BACKINGS)
def site(
    request: pytest.FixtureRequest,
    stores: Stores,
    upstream: BilledUpstream,
    hook: ScriptedUpstream,
    sink: MailSink,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    environment = {
        "EMAIL_URL": sink.url,
        "GATEWAY_ALERT_EMAILS": "ops@example.com",
        "GATEWAY_WEBHOOK_URL": f"{hook.url}/hook",
        "GATEWAY_WEBHOOK_SECRET": f"whsec_{SECRET}",
    }
    directory = tmp_path_factory.mktemp("alerts")
    with running_site(stores, request.param, directory, upstream, **environment) as site:
        site.offer([connection("only", upstream, "one")])
        upstream.tell(answer(numbered(WORDS)))
        yield site


async def test_each_threshold_is_told_once(
    site: Site, hook: ScriptedUpstream, sink: MailSink
) -> None:
    mails, calls = len(sink.mails), len(hook.calls)
    keys, _ = site.make(["spender"], [BUDGET], [PRICE])
    async with Crowd(site) as crowd:
        for count, thresholds in ((4, []), (3, [50]), (20, [50, 100])):
            await crowd.chats(count, keys["spender"], model="one", max_tokens=WORDS)
            wait_for_alerts(site, thresholds)
        spent = await crowd.chats(20, keys["spender"], model="one", max_tokens=WORDS)
    assert statuses(spent) == {429: 20}
    told = hook.calls[calls:]
    assert [each.json["data"]["threshold"] for each in told] == [50, 100]
    assert all(is_signed(each) for each in told)
    assert len({each.header("webhook-id") for each in told}) == 2
    subjects = [mail["subject"] for mail in sink.mails[mails:]]
    assert len(subjects) == 2
    assert ["50" in subjects[0], "100" in subjects[1]] == [True, True], subjects
    assert {mail["to"] for mail in sink.mails[mails:]} == {"ops@example.com"}


def wait_for_alerts(site: Site, thresholds: list[int]) -> None:
    """Until these are sent. Each was tried once, and what is sent is not tried again."""

    def alerts() -> list[dict[str, Any]]:
        return sorted(table(site.first, "limits_limitalert"), key=lambda each: each["threshold"])

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
