import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from tests.usage.records import a_record
from usage.charts import (
    HEIGHT,
    SMALL_HEIGHT,
    WIDTH,
    Column,
    Period,
    chart,
    sparkline,
    stacked,
)
from usage.models import Price
from usage.periods import local_day
from usage.pruning import prune
from usage.reports import Line
from usage.storing import store

PAGE = reverse("usage_charts")
NOW = datetime(2026, 5, 10, 15, tzinfo=UTC)


def a_chart(*values):
    lines = [Line(group=f"2026-05-{n + 1:02}", requests=value) for n, value in enumerate(values)]
    return chart("Requests", lines, lambda line: line.requests, str)


def test_bars_are_as_high_as_what_they_stand_for():
    found = a_chart(5, 0, 10)
    assert [bar.height for bar in found.bars] == [HEIGHT / 2, 0, HEIGHT]
    assert all(bar.y + bar.height == HEIGHT for bar in found.bars)
    assert (found.total, found.most, found.bars[0].label) == ("15", "10", "2026-05-01")


def test_bars_lie_side_by_side():
    bars = a_chart(*range(365)).bars
    ends = [bar.x + bar.width for bar in bars]
    assert all(end < bar.x for end, bar in zip(ends, bars[1:], strict=False))
    assert ends[-1] <= WIDTH


def test_little_is_not_nothing():
    assert a_chart(1, 1_000_000).bars[0].height > 0


def test_nothing_at_all_is_drawn_too():
    assert [bar.height for bar in a_chart(0, 0).bars] == [0, 0]
    assert a_chart().bars == ()


def columns(*values, lines=()):
    lines = lines or [None] * len(values)
    return [
        Column(label=str(n), text="", values=each, line=line)
        for n, (each, line) in enumerate(zip(values, lines, strict=True))
    ]


def test_parts_are_stacked_from_the_bottom_up():
    found = stacked(columns((6, 2), (4, 0)), ("ok", "failed"))
    first, second = found.stacks
    assert [(part.kind, part.y, part.height) for part in first.parts] == [
        ("ok", HEIGHT / 4, HEIGHT * 3 / 4),
        ("failed", 0, HEIGHT / 4),
    ]
    assert [(part.kind, part.height) for part in second.parts] == [("ok", HEIGHT / 2)]
    assert found.most == 8
    assert first.x + first.width < second.x


def test_a_part_is_seen_however_small_it_is():
    (stack,) = stacked(columns((1_000_000, 1)), ("ok", "failed")).stacks
    assert stack.parts[1].height > 0
    assert all(part.y >= 0 for part in stack.parts)


def test_a_line_breaks_where_nothing_is_known():
    found = stacked(columns((1,), (1,), (0,), (1,), lines=(100, 200, None, 50)), ("ok",))
    assert [len(points.split()) for points in found.lines] == [2, 1]
    assert found.most_of_line == 200
    heights = [float(point.partition(",")[2]) for line in found.lines for point in line.split()]
    assert heights[1] < heights[0] < heights[2] < HEIGHT  # longer is higher


def test_a_chart_of_nothing_is_empty():
    found = stacked(columns((0, 0)), ("ok", "failed"))
    assert (found.stacks[0].parts, found.lines, found.most) == ((), (), 0)
    assert stacked([], ()).stacks == ()


def test_a_sparkline_is_as_high_as_its_most():
    assert [bar.height for bar in sparkline([0, 5, 10])] == [0, SMALL_HEIGHT / 2, SMALL_HEIGHT]
    assert sparkline([]) == ()


@pytest.mark.django_db
def test_a_period_has_a_line_for_each_day():
    store([a_record(accepted_at=NOW.timestamp())])
    lines = Period.of_last(7, now=NOW).by_day_and((), ("requests",))[0]
    assert [line.group for line in lines] == [f"2026-05-{day:02}" for day in range(4, 11)]
    assert [line.requests for line in lines] == [0] * 6 + [1]


@pytest.fixture
def rows(db):
    now = datetime.now(UTC)
    Price.objects.create(model="*", per_request=2, valid_from=now - timedelta(days=500))
    store(
        [
            a_record(
                request_id=f"req_{n}",
                user_id=100 + n,
                username=username,
                model=model,
                status=status,
                accepted_at=(now - timedelta(days=days)).timestamp(),
            )
            for n, (username, model, status, days) in enumerate(
                [
                    ("ada", "gpt-4o", 200, 0),
                    ("<b>bob</b>", "o3", 502, 20),
                    ("mallory", "o3", 200, 200),
                ]
            )
        ]
    )


def shown(client, **query):
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_tells_who_used_what(admin_client, rows):
    page = shown(admin_client, days=30)
    assert "$2.00" in page
    assert "user_id=100" in page
    assert "&lt;b&gt;bob&lt;/b&gt;" in page
    assert "<b>bob</b>" not in page
    assert "mallory" not in page
    assert page.count('role="img"') == 3
    assert page.count('class="usage-bar"') == 3 * 30


@pytest.mark.parametrize(
    ("days", "users"),
    [("", 1), ("7", 1), ("30", 2), ("365", 3), ("8", 1), ("x", 1), ("9" * 99, 1)],
)
def test_a_period_is_chosen(admin_client, rows, days, users):
    page = shown(admin_client, days=days)
    assert page.count("user_id=") == users
    assert page.count('aria-current="page">') == 1


def links(page):
    """What the links to records ask for, by the words that they are on."""
    found = re.findall(r'href="([^"]*/usagerow/[^"]*)">([^<]*)<', page)
    return {word: unescape(address) for address, word in found}


def test_a_link_leads_to_the_very_records_that_its_line_sums_up(admin_client, db):
    now = datetime.now(UTC)
    for n, (model, days) in enumerate([("o1", 0), ("o1", 40), ("o1-mini", 0), ("gpt-o1", 0)]):
        at = (now - timedelta(days=days)).timestamp()
        store([a_record(request_id=f"req_{n}", model=model, connection="eu", accepted_at=at)])
        store([a_record(request_id=f"else_{n}", connection="eu-2", user_id=7, accepted_at=at)])
    addresses = links(shown(admin_client, days=30))
    assert {
        word: admin_client.get(addresses[word]).context["facets"].rows
        for word in ("o1", "o1-mini", "eu")
    } == {"o1": 1, "o1-mini": 1, "eu": 3}
    of_today = admin_client.get(addresses[local_day(now).isoformat()])
    assert of_today.context["facets"].rows == 6


def test_a_link_on_a_user_leads_to_the_records_of_the_person(admin_client, db):
    now = datetime.now(UTC).timestamp()
    ada = User.objects.create_user("lovelace")  # ada, when she asked
    store([a_record(request_id="req_1", user_id=ada.pk, username="ada", accepted_at=now)])
    store([a_record(request_id="req_2", user_id=ada.pk + 1, username="ada", accepted_at=now)])
    addresses = links(shown(admin_client, days=7))
    lines = admin_client.get(addresses["lovelace"]).context["lines"]
    assert [line.request_id for line in lines] == ["req_1"]


def test_days_that_were_pruned_are_still_drawn(admin_client, rows):
    prune(timedelta(days=90))
    assert shown(admin_client, days=365).count("user_id=") == 3


def test_requests_without_a_price_are_told(admin_client, db):
    store([a_record(accepted_at=datetime.now(UTC).timestamp())])
    page = shown(admin_client)
    assert "1 request without a known price is not in the cost" in page
    assert "<td>unknown</td>" in page


def test_an_empty_gateway_says_so(admin_client):
    page = shown(admin_client)
    assert "Nothing was used in this time" in page
    assert "<svg viewBox" not in page


@pytest.mark.parametrize("permission", ["", "view_usagerow"])
def test_the_page_is_for_those_who_may_see_records(client, db, permission):
    staff = User.objects.create_user("staff", is_staff=True)
    if permission:
        staff.user_permissions.add(Permission.objects.get(codename=permission))
    client.force_login(staff)
    assert client.get(PAGE).status_code == (200 if permission else 403)
    assert (PAGE in client.get(reverse("admin:index")).content.decode()) == bool(permission)


def test_strangers_are_asked_to_sign_in(client, db):
    assert client.get(PAGE).status_code == 302
    client.force_login(User.objects.create_user("nobody"))
    assert client.get(PAGE).status_code == 302


def test_a_post_is_refused(admin_client):
    assert admin_client.post(PAGE).status_code == 405


def test_it_takes_as_many_queries_for_many_rows(admin_client, rows):
    with CaptureQueriesContext(connection) as few:
        shown(admin_client)
    now = datetime.now(UTC).timestamp()
    store([a_record(request_id=f"more_{n}", model=f"m{n}", accepted_at=now) for n in range(50)])
    with CaptureQueriesContext(connection) as many:
        page = shown(admin_client)
    assert len(few) == len(many) <= 12
    assert page.count("&amp;model=") == 10
