"""Figures of connections: the last 24 hours in the list, 30 days in a tab."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connections.choices import Cause
from connections.health.keeping import Heard, keep_heard
from connections.models import Connection
from gateway_project.overview.period import Period
from gateway_project.overview.traffic import total_of
from gateway_project.overview.traffic import traffic_of as overview_of
from models_registry.listed_notes import note_listed
from tests.usage.records import a_record
from usage.admin.connection_list import tell_figures
from usage.connection_figures import days_of_connections, hours_until
from usage.connection_traffic import newest_failures, traffic_of
from usage.models import UsageDay
from usage.pruning import prune
from usage.storing import store

pytestmark = pytest.mark.django_db
LIST = reverse("admin:connections_connection_changelist")
MOST_QUERIES = 12


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def use(number: int, at: datetime, **fields: object) -> None:
    given = {"connection": "eu", "model": "gpt-4o", "username": "ada", "user_id": 1}
    record = given | {"request_id": f"req_{number:05}", "accepted_at": at.timestamp()} | fields
    store([a_record(**record)])


def fail(number: int, at: datetime, **fields: object) -> None:
    use(number, at, status=502, error_code="upstream_error", **fields)


def leave(number: int, at: datetime, **fields: object) -> None:
    use(number, at, status=499, is_client_gone=True, **fields)


def listed(client: Client, address: str) -> int:
    return len(client.get(unescape(address)).context["lines"])


def test_a_day_has_requests_failures_and_the_95th_percentile(now: datetime) -> None:
    use(1, now, duration_ms=900)
    fail(2, now)
    use(3, now - timedelta(hours=3), duration_ms=90)
    use(4, now - timedelta(hours=30))
    use(5, now, connection="us")
    days = days_of_connections(now=now)
    assert set(days) == {"eu", "us"}
    day = days["eu"]
    assert (day.requests, day.failed) == (3, 1)
    assert sorted(day.by_hour.values()) == [(1, 0), (2, 1)]
    assert day.p95_ms is not None
    assert 500 < day.p95_ms <= 1000


def test_a_day_is_24_hours_of_which_the_last_is_running(now: datetime) -> None:
    hours = hours_until(now)
    assert len(hours) == 24
    assert hours[-1] <= now < hours[-1] + timedelta(hours=1)
    assert set(days_of_connections(now=now, names=["none"])) == set()


def test_30_days_are_told_by_day_by_model_and_by_person(now: datetime) -> None:
    use(1, now)
    fail(2, now - timedelta(days=3), model="o3", username="bob", user_id=2)
    use(3, now - timedelta(days=3))
    use(4, now - timedelta(days=40))
    use(5, now, connection="us")
    traffic = traffic_of("eu", now=now)
    assert (len(traffic.days), traffic.requests, traffic.failed) == (30, 3, 1)
    assert (traffic.days[-1].requests, traffic.days[-4].requests) == (1, 2)
    assert [(each.name, each.requests, each.failed) for each in traffic.models] == [
        ("gpt-4o", 2, 0),
        ("o3", 1, 1),
    ]
    assert [(each.name, each.user_id) for each in traffic.people] == [("ada", 1), ("bob", 2)]


def test_the_newest_failures_are_of_this_connection(now: datetime) -> None:
    fail(1, now - timedelta(hours=2))
    fail(2, now)
    fail(3, now, connection="us")
    use(4, now)
    assert [row.pk for row in newest_failures("eu")] == ["req_00002", "req_00001"]


def test_the_list_shows_them_with_links_to_the_requests(
    admin_client: Client, now: datetime
) -> None:
    Connection.objects.create(name="eu", base_url="https://eu.example/v1")
    use(1, now)
    fail(2, now)
    shown = admin_client.get(LIST).content.decode()
    assert "50.0\N{NO-BREAK SPACE}%" in shown
    assert "Last 24 hours: 2 requests, 1 failed" in shown
    assert "connection=eu&amp;state=failed" in shown


def test_the_list_counts_the_failures_that_it_leads_to(admin_client: Client, now: datetime) -> None:
    use(1, now)
    fail(2, now)
    leave(3, now)
    leave(4, now, error_code="client_closed_request")
    figures = tell_figures(None, names=["eu"])["eu"]
    assert (figures.requests, figures.failed, figures.hours[-1].failed) == (4, 1, 1)
    assert listed(admin_client, figures.requests_url) == figures.requests
    assert listed(admin_client, figures.failed_url) == figures.failed


def test_the_list_and_the_overview_tell_one_error_rate(now: datetime) -> None:
    use(1, now)
    fail(2, now)
    leave(3, now)
    overview = total_of(overview_of(Period.of("1h", now=now), now=now).hours["eu"])
    day = days_of_connections(now=now)["eu"]
    assert (day.requests, day.failed) == (overview.requests, overview.failures) == (3, 1)


def test_the_tab_counts_the_failures_that_it_leads_to(admin_client: Client, now: datetime) -> None:
    made = Connection.objects.create(name="eu", base_url="https://eu.example/v1")
    use(1, now)
    fail(2, now)
    leave(3, now)
    context = admin_client.get(reverse("connection_traffic", args=[made.pk])).context
    traffic = context["traffic"]
    assert (traffic.requests, traffic.failed) == (3, 1)
    assert listed(admin_client, context["requests_url"]) == traffic.requests
    assert listed(admin_client, context["failed_url"]) == traffic.failed
    assert context["charts"][1].total == "1"
    for _, tops in context["tops"]:
        assert [top.failed for top in tops] == ["1"]


def test_days_that_were_pruned_tell_failures_from_clients_that_left(now: datetime) -> None:
    fail(1, now - timedelta(days=9))
    leave(2, now - timedelta(days=9))
    prune(timedelta(days=5))
    day = UsageDay.objects.get()
    assert (day.failed, day.left_unanswered) == (2, 1)
    assert traffic_of("eu", now=now).failed == 1


def test_the_tab_is_for_people_who_may_see_usage(
    admin_client: Client, client: Client, now: datetime
) -> None:
    made = Connection.objects.create(name="eu", base_url="https://eu.example/v1")
    url = reverse("connection_traffic", args=[made.pk])
    assert "No request went to this connection" in admin_client.get(url).content.decode()
    fail(1, now, model="<i>")
    shown = admin_client.get(url).content.decode()
    for told in ("1 request</a> in 30 days", "502 upstream_error", "&lt;i&gt;", "req_00001"):
        assert told in shown
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_connection"))
    client.force_login(viewer)
    assert "Figures are for people who may see usage" in client.get(url).content.decode()
    assert "req_00001" not in client.get(url).content.decode()


def test_fifty_connections_of_a_thousand_models_take_twelve_queries_at_most(
    admin_client: Client, now: datetime, django_assert_max_num_queries
) -> None:
    ids = [f"model-{number}" for number in range(1000)]
    for number in range(50):
        made = Connection.objects.create(name=f"c{number}", base_url="https://c.example/v1")
        note_listed(made.pk, ids, at=now)
        failing = Heard(at=timezone.now(), cause=Cause.KEY_REFUSED, problem="401")
        keep_heard(made.pk, failing if number % 5 else Heard(at=now, model_count=1000))
        use(number, now, connection=made.name)
    pages = [LIST, reverse("admin:connections_connection_change", args=[made.pk])]
    pages += [reverse(f"connection_{tab}", args=[made.pk]) for tab in ("models", "traffic")]
    for page in pages:
        with django_assert_max_num_queries(MOST_QUERIES):
            assert admin_client.get(page).status_code == 200
    shown = admin_client.get(LIST).content.decode()
    assert "40 of 50 enabled connections need you:" in shown
