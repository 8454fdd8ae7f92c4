"""The overview: what it says, to whom, where it leads, and what it costs."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, User
from benchmarks.filling import Scale, fill
from connections.choices import Cause
from connections.health.keeping import Heard, keep_heard
from connections.models import Connection, GatewaySettings
from gateway_project.overview.period import Period
from limits.models import Limit
from limits.models import Period as LimitPeriod
from models_registry.models import ModelGrant
from resilience.states import states
from tests.usage.records import a_record
from usage.models import Price
from usage.storing import store

pytestmark = pytest.mark.django_db
HOME = reverse("admin:index")
SESSION_AND_USER = 2
MOST_QUERIES = 6
WORDS = [{"connection": "openai", "status": 500, "error_text": "The server had an error."}]


def staff(*permissions):
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def text_of(answer):
    page = answer.content.decode().partition('<div id="overview"')[2]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def ada():
    user = User.objects.create(username="ada", email="ada@example.com")
    user.groups.add(Group.objects.create(name="team"))
    return user


@pytest.fixture
def rows(ada):
    earlier = timezone.now() - timedelta(hours=1)
    Price.objects.create(
        model="gpt-4o", input_per_million=1, output_per_million=1, valid_from=earlier
    )
    of_ada = {"user_id": ada.pk, "username": "ada", "model": "gpt-4o", "upstream_model": "x"}
    store(
        [
            a_record(request_id="req_1", **of_ada),
            a_record(request_id="req_2", **of_ada | {"model": "unheard-of"}),
            a_record(request_id="req_3", is_client_gone=True, status=499, **of_ada),
            a_record(
                request_id="req_4",
                status=502,
                error_code="upstream_error",
                attempt_log=WORDS,
                **of_ada,
            ),
        ]
    )


@pytest.mark.parametrize("top", ["people", "models", "groups"])
@pytest.mark.parametrize("period", ["1h", "24h", "7d", "30d"])
def test_it_takes_six_queries(admin_client, period, top):
    fill(Scale(models=30, connections=5, groups=4, users=40, requests=600, days=3))
    admin_client.get(HOME)
    with CaptureQueriesContext(connection) as queries:
        answer = admin_client.get(HOME, {"period": period, "top": top})
    assert answer.status_code == 200
    assert answer.context["tops"]
    assert len(queries) <= SESSION_AND_USER + MOST_QUERIES


def test_each_figure_leads_to_the_requests_that_it_counts(admin_client, rows):
    figures = {f.title: f for f in admin_client.get(HOME).context["figures"]}

    def listed(address):
        return len(admin_client.get(address).context["lines"])

    assert figures["Requests"].value == "4"
    assert listed(figures["Requests"].address) == 4
    assert (figures["Errors"].value, figures["Errors"].detail) == ("25.0 %", "1 failed")
    assert listed(figures["Errors"].address) == 1
    assert figures["Errors"].more == "1 client left"
    assert listed(figures["Errors"].more_address) == 1
    assert figures["Cost"].more == "1 without a price"
    assert listed(figures["Cost"].more_address) == 1


@pytest.mark.parametrize("period", ["1h", "24h", "7d", "30d"])
def test_links_keep_the_period(admin_client, rows, period):
    asked_at = datetime.now(UTC)
    context = admin_client.get(HOME, {"period": period}).context
    answered_at = datetime.now(UTC)
    since = {parse_qs(urlsplit(f.address).query)["since"][0] for f in context["figures"]}
    assert len(since) == 1
    begin = datetime.fromisoformat(since.pop())
    begins = {Period.of(period, now=now).since for now in (asked_at, answered_at)}
    assert begin in begins
    assert all(f"period={period}" in address for _, address, _ in context["top_choices"])


def test_the_newest_failures_have_the_upstreams_words(admin_client, rows):
    answer = admin_client.get(HOME)
    (failure,) = answer.context["failures"]
    assert (failure.word, failure.words) == ("502", "The server had an error.")
    assert failure.url == reverse("admin:usage_usagerow_change", args=["req_4"])
    assert "“The server had an error.”" in text_of(answer)


@pytest.mark.parametrize(("by", "name"), [("people", "ada"), ("models", "gpt-4o")])
def test_the_top_is_named_and_leads_on(admin_client, rows, ada, by, name):
    top = admin_client.get(HOME, {"top": by}).context["tops"][0]
    assert top.name == name
    assert admin_client.get(top.url).status_code == 200
    assert len(admin_client.get(top.records).context["lines"]) == int(top.requests)


def test_groups_are_those_of_the_members_now(admin_client, rows, ada):
    (top,) = admin_client.get(HOME, {"top": "groups"}).context["tops"]
    assert (top.name, top.requests, top.share) == ("team", "4", 100)
    assert len(admin_client.get(top.records).context["lines"]) == 4


def test_deleted_people_are_named_without_a_page(admin_client, rows, ada):
    User.objects.filter(pk=ada.pk).delete()
    (top,) = admin_client.get(HOME).context["tops"]
    assert (top.name, top.url) == ("ada", "")


@pytest.fixture
def refused():
    row = Connection.objects.create(name="openai", base_url="https://one.example/v1")
    now = timezone.now()
    keep_heard(row.pk, Heard(at=now - timedelta(hours=4), model_count=30))
    heard = Heard(at=now - timedelta(hours=3), cause=Cause.KEY_REFUSED, problem="401")
    keep_heard(row.pk, heard)
    return row


def test_a_refused_key_is_told_with_a_button(admin_client, rows, refused):
    answer = admin_client.get(HOME)
    notice = answer.context["notices"][0]
    assert notice.subject == "openai"
    assert notice.text == "key refused for 3 h. 30 models are stale. 1 person used it in 24 hours."
    page = reverse("admin:connections_connection_change", args=[refused.pk])
    disable = reverse("connection_disable", args=[refused.pk])
    buttons = [(button.title, button.url, button.does) for button in notice.buttons]
    assert buttons == [("Enter key", page, False), ("Disable", disable, True)]
    (row,) = answer.context["connections"]
    assert (row.state, row.tone, row.models) == ("key refused", "danger", "30 stale")
    assert len(row.cells) == 24


def test_a_connection_that_requests_fail_at_is_told(admin_client, rows):
    found = Connection.objects.create(name="openai", base_url="https://api.openai.com/v1")
    keep_heard(found.pk, Heard(at=timezone.now(), model_count=1))
    states.of((found.pk, "gpt-4o")).cool(60, "It failed.")
    try:
        context = admin_client.get(HOME).context
    finally:
        states.reset()
    assert context["notices"][0].subject == "openai"
    assert context["notices"][0].text.startswith("failing.")
    assert [row.state for row in context["connections"]] == ["failing"]


def test_keys_that_expire_are_told(admin_client, rows, ada):
    ApiKey.objects.issue(ada, lifetime=timedelta(days=3))
    ApiKey.objects.issue(ada, lifetime=timedelta(days=30))
    assert "1 key of 1 person expires within 7 days." in text_of(admin_client.get(HOME))


def test_a_limit_that_is_nearly_used_up_is_told(admin_client, rows):
    limit = Limit.objects.create(
        label="team a day", subject_kind="everyone", metric="usd", amount=10, window="day"
    )
    now = int(timezone.now().timestamp())
    part = {"limit": limit, "start": now - 60, "end": now + 60}
    LimitPeriod.objects.create(nanodollars=9_500_000_000, **part)
    assert "team a day : it is used to 95 %." in text_of(admin_client.get(HOME))
    LimitPeriod.objects.update(nanodollars=8_000_000_000)
    assert "team a day" not in text_of(admin_client.get(HOME))


def test_access_that_is_not_controlled_is_told_to_superusers(admin_client, rows):
    GatewaySettings.objects.create(bypass_model_access_control=True)
    assert "every user may use every model" in text_of(admin_client.get(HOME))
    viewer = staff("view_usagerow", "view_gatewaysettings")
    assert "every user may use every model" not in text_of(viewer.get(HOME))


def test_requests_without_a_price_are_told(admin_client, rows):
    assert "1 request of the last 24 hours has no price." in text_of(admin_client.get(HOME))


def done(client):
    return [step.is_done for step in client.get(HOME).context["steps"]]


def test_the_checklist_ticks_itself(admin_client, ada):
    answer = admin_client.get(HOME)
    assert [step.is_done for step in answer.context["steps"]] == [False] * 4
    assert [step.is_next for step in answer.context["steps"]] == [True, False, False, False]
    assert admin_client.get(answer.context["steps"][0].url).status_code == 200
    assert "figures" not in answer.context
    Connection.objects.create(name="openai", base_url="https://one.example/v1")
    assert done(admin_client) == [True, False, False, False]
    ModelGrant.objects.create(pattern="*", everyone=True)
    ApiKey.objects.issue(ada)
    answer = admin_client.get(HOME)
    assert [step.is_next for step in answer.context["steps"]] == [False, False, False, True]
    store([a_record(request_id="req_1")])
    answer = admin_client.get(HOME)
    assert answer.context["steps"] == ()
    assert answer.context["figures"][0].value == "1"


def test_staff_see_what_their_permissions_show(rows, refused):
    context = staff("view_connection").get(HOME).context
    assert not any(name in context for name in ("figures", "chart", "failures", "tops"))
    (row,) = context["connections"]
    assert row.cells == []
    assert [notice.subject for notice in context["notices"]] == ["openai"]


def test_staff_without_a_permission_see_neither_usage_nor_connections(rows, refused):
    answer = staff().get(HOME)
    assert answer.context["connections"] is None
    assert answer.context["notices"] == []
    page = answer.content.decode()
    assert "openai" not in page
    assert "The server had an error." not in page


def test_staff_with_usage_alone_see_no_states(rows, refused):
    context = staff("view_usagerow").get(HOME).context
    assert context["connections"] is None
    assert context["figures"][0].value == "4"
    assert all(not top.url for top in context["tops"])


def test_the_chart_has_its_figures_in_a_table(admin_client, rows):
    answer = admin_client.get(HOME)
    chart = answer.context["chart"]
    assert sum(row.requests for row in chart.rows) == 4
    assert (chart.rows[-1].ok, chart.rows[-1].left, chart.rows[-1].failed) in {(2, 1, 1), (0, 0, 0)}
    assert chart.summary.startswith("2 answered, 1 left, 1 failed")
    assert chart.title == "Requests per hour"


def test_names_are_escaped(admin_client, ada):
    odd = "<script>alert(1)</script>"
    log = [{"connection": odd, "status": 500, "error_text": odd}]
    store([a_record(request_id="req_1", model=odd, status=502, error_code="x", attempt_log=log)])
    page = admin_client.get(HOME, {"top": "models"}).content.decode()
    assert odd not in page
    assert "&lt;script&gt;alert(1)" in page


def test_one_line_tells_the_state(admin_client):
    said = text_of(admin_client.get(HOME))
    assert re.search(r"Gatehouse \d\S+ · up .+ · 1 worker · \w+ · (no )?Redis · UTC", said)


@pytest.mark.parametrize("query", [{"period": "x"}, {"top": "<b>"}, {"period": "\0"}])
def test_odd_addresses_do_no_harm(admin_client, rows, query):
    assert admin_client.get(HOME, query).status_code == 200


@pytest.mark.parametrize("sees_groups", [True, False])
def test_groups_are_named_to_those_who_may_see_them(ada, rows, sees_groups):
    client = staff("view_usagerow", *(["view_group"] if sees_groups else []))
    page = client.get(HOME, {"top": "groups"})
    titles = [title for title, _, _ in page.context["top_choices"]]
    assert ("Groups" in titles) is sees_groups
    assert ("team" in {top.name for top in page.context["tops"]}) is sees_groups
