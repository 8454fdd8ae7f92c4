"""What docs/limits.md shows of files, commands and alerts is so."""

from __future__ import annotations

import html
import json
import re
import shlex
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from connections.configuration.difference import Kind
from connections.models import Connection
from gateway_project.config_file.applying import apply_document
from gateway_project.config_file.document import read_document
from limits.alerts.message import message_of
from limits.alerts.signature import signed_headers
from limits.models import Limit, LimitAlert, LimitChange, Period
from tests.support.environment import ROOT

pytestmark = pytest.mark.django_db

PAGE = (ROOT / "docs" / "limits.md").read_text()
COMMAND = re.compile(r"manage\.py (limits .+)$", re.MULTILINE)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SPAN_OF_DAY = (datetime(2026, 11, 27, 23, tzinfo=UTC), datetime(2026, 11, 28, 23, tzinfo=UTC))
JOURNEYS = {
    "Interns: 20 requests a minute and 5 dollars a day": ["interns a minute", "interns a day"],
    "Research: 500 dollars a month together": ["research a month"],
    "Budgets for Open WebUI's users": ["a month of Open WebUI"],
}


def blocks(language: str, text: str = PAGE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    _, _, rest = PAGE.partition(f"\n## {title}\n")
    return rest.partition("\n## ")[0]


def run(text: str, *, but: tuple[str, ...] = ()) -> None:
    """The commands about limits in ``text``."""
    for line in COMMAND.findall("\n".join(blocks("sh", text))):
        arguments = shlex.split(line, comments=True)
        if arguments[1] not in but:
            call_command(*arguments)


@pytest.mark.parametrize(("title", "labels"), JOURNEYS.items(), ids=str)
def test_the_file_of_a_journey_says_the_same_as_its_commands(title: str, labels: list[str]) -> None:
    [example] = blocks("yaml", section(title))
    document = read_document(example)
    for group in document.group_names:
        Group.objects.create(name=group)
    run(section(title), but=("show",))
    assert sorted(Limit.objects.values_list("label", flat=True)) == sorted(labels)
    told = [one for one in apply_document(document) if one.subject.startswith("limit ")]
    assert [(one.subject, one.kind) for one in told] == [
        (f"limit {label}", Kind.UNCHANGED) for label in labels
    ]


def test_every_other_file_can_be_imported() -> None:
    Connection.objects.create(name="openai", base_url="https://api.openai.com/v1")
    journeys = [one for title in JOURNEYS for one in blocks("yaml", section(title))]
    others = [one for one in blocks("yaml") if one not in journeys]
    for example in others:
        apply_document(read_document(example))
    assert [limit.connection.name for limit in Limit.objects.all() if limit.connection] == [
        "openai"
    ]


def test_the_amounts_of_raises_are_those_that_the_page_sets() -> None:
    ivan = User.objects.create_user("ivan")
    for name in ("interns", "research"):
        ivan.groups.add(Group.objects.create(name=name))
    for title in (*JOURNEYS, "Models without a price", "Waiting"):
        if "Open WebUI" not in title:
            run(section(title))
    day = Limit.objects.get(label="interns a day")
    minute = Limit.objects.get(label="interns a minute")
    assert (day.unpriced, day.assumed_per_million) == ("assume", 2)
    assert minute.wait_seconds == 20
    run(section("Raises"))
    raised = LimitChange.objects.get(limit=day)
    assert (raised.share, raised.amount, raised.reason) == (f"u{ivan.pk}", 20, "a workshop")
    [ended] = LimitChange.objects.filter(limit__label="research a month")
    assert ended.until <= datetime.now(UTC)
    run(section("Looking at it"))


@pytest.fixture
def payload() -> dict[str, Any]:
    """Of an alert as in the page's example."""
    ivan = User.objects.create_user("ivan")
    limit = Limit.objects.create(
        label="interns a day",
        subject_kind="everyone",
        share="each_user",
        metric="usd",
        amount=Decimal(5),
        window="day",
        time_zone="Europe/Berlin",
    )
    start, end = (int(at.timestamp()) for at in SPAN_OF_DAY)
    Period.objects.create(
        limit=limit, share=f"u{ivan.pk}", start=start, end=end, nanodollars=4_050_000_000
    )
    alert = LimitAlert.objects.create(
        limit=limit,
        share=f"u{ivan.pk}",
        start=start,
        threshold=80,
        created_at=datetime(2026, 11, 28, 14, 5, 9, tzinfo=UTC),
    )
    return dict(message_of(alert).payload)


def test_the_payload_is_the_one_that_is_posted(payload: dict[str, Any]) -> None:
    [example] = blocks("json")
    assert json.loads(example) == payload


@pytest.fixture
def is_genuine() -> Callable[..., bool]:
    """The receiver's check, as the page has it."""
    [example] = blocks("python")
    names: dict[str, Any] = {}
    exec(example, names)
    found: Callable[..., bool] = names["is_genuine"]
    return found


def test_the_check_accepts_what_the_gateway_signs(is_genuine: Callable[..., bool]) -> None:
    body, now = b'{"type": "limit.threshold_reached"}', int(time.time())
    headers = signed_headers(body, id="limit-alert-1", timestamp=now, secret=SECRET)
    assert is_genuine(headers, body, SECRET)
    others = headers | {"webhook-signature": f"v1,bm90IG91cnM= {headers['webhook-signature']}"}
    assert is_genuine(others, body, SECRET)


@pytest.mark.parametrize("age_seconds", [400, -400])
def test_the_check_refuses_what_is_old_or_to_come(
    is_genuine: Callable[..., bool], age_seconds: int
) -> None:
    at = int(time.time()) - age_seconds
    headers = signed_headers(b"{}", id="a", timestamp=at, secret=SECRET)
    assert not is_genuine(headers, b"{}", SECRET)


def test_the_check_refuses_what_was_changed(is_genuine: Callable[..., bool]) -> None:
    headers = signed_headers(b"{}", id="a", timestamp=int(time.time()), secret=SECRET)
    assert not is_genuine(headers, b"{ }", SECRET)
    assert not is_genuine(headers | {"webhook-id": "b"}, b"{}", SECRET)
    assert not is_genuine(headers, b"{}", "whsec_" + "A" * 40)


@pytest.mark.parametrize("title", [title for title in JOURNEYS if "Open" not in title])
def test_the_admin_has_the_fields_and_choices_that_the_page_names(
    title: str, admin_client: Client
) -> None:
    _, _, told = section(title).partition("In the admin:")
    told = " ".join(told.partition("\n\n")[0].split())
    page = html.unescape(admin_client.get("/admin/limits/limit/add/").content.decode())
    fields = re.findall(r"(?<!\*)\*([A-Z][a-z ]+)\*(?!\*)", told)
    assert len(fields) >= 6
    assert [each for each in fields if not re.search(rf"<label[^>]*>\s*{each}\b", page)] == []
    choices = re.findall(r'"(a [a-z]+|[a-zU][A-Za-z ]+)"', told)
    assert len(choices) >= 4
    assert [each for each in choices if not re.search(rf"<option[^>]*>{each}</option>", page)] == []


def test_every_choice_of_a_limit_is_told_of() -> None:
    fields = section("What a limit is")
    for name in ("share", "metric", "window", "mode"):
        [column] = [each for each in Limit._meta.get_fields() if each.name == name]
        values = [value for value, _ in getattr(column, "choices", []) if value]
        assert [value for value in values if f"`{value}`" not in fields] == []
