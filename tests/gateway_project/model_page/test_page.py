"""The page of one model: access, targets, price, usage, limits, and trying it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from connections.models import Connection
from limits.models import Limit
from models_registry.models import ModelGrant
from resilience.states import states
from tests.models_registry.conftest import serving_lists
from tests.usage.records import a_record
from usage.hours import hour_of
from usage.models import Price, UsageHour
from usage.storing import store

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = reverse("model_page")
NOW = datetime.now(UTC)


@pytest.fixture
def serving():
    with serving_lists({"one": ["gpt-4o", "shared"], "two": ["shared"]}):
        yield
    states.reset()


def shown(client: Client, model_id: str) -> str:
    page = client.get(PAGE, {"id": model_id})
    assert page.status_code == 200
    return " ".join(unescape(page.content.decode()).split())


def used(model: str, days_ago: int = 1, **sums: int) -> None:
    UsageHour.objects.create(
        hour=hour_of(NOW - timedelta(days=days_ago)),
        user_id=1,
        username="ada",
        key_id=UUID(int=0),
        key_hint="x",
        model=model,
        connection="one",
        **sums,
    )


def test_it_tells_who_may_use_the_model_and_why(admin_client: Client, serving) -> None:
    team = Group.objects.create(name="team")
    User.objects.create_user("ada").groups.add(team)
    User.objects.create_user("bob")
    grant = ModelGrant.objects.create(pattern="gpt-*", group=team)
    page = shown(admin_client, "gpt-4o")
    assert "<strong>1</strong> of 3 people may use it, and 1 of the staff" in page
    assert reverse("admin:models_registry_modelgrant_change", args=[grant.pk]) in page
    assert reverse("admin:auth_group_change", args=[team.pk]) in page
    assert "No grant covers it." not in page
    assert "two/*" in shown(admin_client, "shared")


def test_its_targets_come_in_order_with_state_and_price(admin_client: Client, serving) -> None:
    Price.objects.create(
        model="shared", connection="two", output_per_million=7, valid_from=NOW - timedelta(days=9)
    )
    two = Connection.objects.get(name="two")
    states.of((two.pk, "shared")).cool(60, "The upstream said 429.")
    page = shown(admin_client, "shared")
    assert "Served by 2 targets" in page
    assert "works" in page
    assert ">rests</strong> until" in page
    assert "The upstream said 429." in page
    assert "$7 per million output tokens" in page
    assert page.index(">one</a>") < page.index(">two</a>")


def test_its_thirty_days_link_to_the_requests_behind_them(admin_client: Client, serving) -> None:
    used("gpt-4o", requests=5, failed=2, prompt_tokens=100)
    used("gpt-4o", days_ago=40, requests=50)
    used("shared", requests=7)
    page = shown(admin_client, "gpt-4o")
    assert ">5 requests</a>" in page
    assert ">2 failed</a>" in page
    assert "state=failed" in page
    assert "It was not used in this time." in shown(admin_client, "unused")


def test_its_failures_are_those_of_the_list_that_they_lead_to(
    admin_client: Client, serving
) -> None:
    of_model = {"model": "gpt-4o", "connection": "one", "accepted_at": NOW.timestamp()}
    store(
        [
            a_record(request_id="req_1", **of_model),
            a_record(request_id="req_2", status=502, error_code="upstream_error", **of_model),
            a_record(request_id="req_3", status=499, is_client_gone=True, **of_model),
        ]
    )
    usage = admin_client.get(PAGE, {"id": "gpt-4o"}).context["usage"]
    listed = admin_client.get(usage["failed_url"]).context["lines"]
    assert usage["total"].failures == len(listed) == 1
    assert usage["charts"][1].total == "1"
    assert len(admin_client.get(usage["requests_url"]).context["lines"]) == 3
    assert ">1 failed</a>" in shown(admin_client, "gpt-4o")


def test_limits_on_it_are_told_and_those_of_others_are_not(admin_client: Client, serving) -> None:
    fields = {"metric": "requests", "amount": 5, "window": "minute", "subject_kind": "everyone"}
    Limit.objects.create(label="all", **fields)
    Limit.objects.create(label="mine", model_patterns=["gpt*"], **fields)
    Limit.objects.create(label="another", model_patterns=["claude*"], **fields)
    two = Connection.objects.get(name="two")
    of_two = fields | {"subject_kind": "connection", "connection": two}
    Limit.objects.create(label="of-two", **of_two)
    page = shown(admin_client, "gpt-4o")
    assert page.index(">mine</a>") < page.index(">all</a>")
    assert ">another</a>" not in page
    assert ">of-two</a>" not in page
    assert ">of-two</a>" in shown(admin_client, "shared")


def test_an_id_is_written_as_it_is(admin_client: Client, db) -> None:
    with serving_lists({"one": ["azure-eu/<b>"]}):
        page = admin_client.get(PAGE, {"id": "azure-eu/<b>"}).content.decode()
    assert ">azure-eu/&lt;b&gt;</code>" in page
    assert "Azure-eu" not in page


def test_a_model_that_is_gone_keeps_its_past(admin_client: Client, serving) -> None:
    used("retired", requests=3)
    page = shown(admin_client, "retired")
    assert "No enabled connection offers retired now." in page
    assert ">3 requests</a>" in page
    assert "No model is named." in shown(admin_client, "")


def test_a_trial_is_a_post_and_for_those_who_may_change_connections(
    client: Client, serving
) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    allowed = Permission.objects.get(codename="view_registeredmodel")
    staff.user_permissions.add(allowed)
    client.force_login(staff)
    page = shown(client, "gpt-4o")
    for hidden in ("Who may use it", "Last 30 days", "Limits that", "Price", ">Chat</button>"):
        assert hidden not in page
    one = Connection.objects.get(name="one")
    url = f"{PAGE}?id=gpt-4o"
    assert client.post(url, {"connection": one.pk}).status_code == 403
    assert client.post(url, {"connection": "x"}).status_code == 302
    staff.user_permissions.clear()
    client.force_login(User.objects.get(pk=staff.pk))
    assert client.get(url).status_code == 403


def test_a_trial_tells_what_became_of_it(admin_client: Client, serving) -> None:
    one = Connection.objects.get(name="one")
    Connection.objects.filter(pk=one.pk).update(base_url="http://127.0.0.1:9/v1")
    page = admin_client.post(f"{PAGE}?id=gpt-4o", {"connection": one.pk}, follow=True)
    assert "one/gpt-4o failed at tcp" in page.content.decode()


def test_it_takes_few_queries_whatever_there_is(admin_client: Client, db) -> None:
    with serving_lists({f"c{n}": ["shared"] for n in range(5)}):
        groups = Group.objects.bulk_create(Group(name=f"group-{n}") for n in range(50))
        ModelGrant.objects.bulk_create(ModelGrant(pattern="s*", group=group) for group in groups)
        people = User.objects.bulk_create(User(username=f"user-{n}") for n in range(200))
        ModelGrant.objects.bulk_create(ModelGrant(pattern="sh*", user=user) for user in people)
        shown(admin_client, "shared")
        with CaptureQueriesContext(connection) as queries:
            shown(admin_client, "shared")
    assert len(queries) <= 12


def test_a_process_that_serves_nothing_says_so(admin_client: Client, db) -> None:
    assert "knows no models" in shown(admin_client, "gpt-4o")


@pytest.mark.parametrize("is_on", [True, False])
def test_the_playground_is_one_click_away_unless_it_is_off(
    admin_client: Client, serving, settings, is_on: bool
) -> None:
    settings.GATEWAY_PLAYGROUND = is_on
    assert ('href="/playground?model=gpt-4o"' in shown(admin_client, "gpt-4o")) is is_on
