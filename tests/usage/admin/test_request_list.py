"""The list of requests: found, narrowed, paged, exported, and closed to others."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey, User
from connections.models import Connection
from tests.usage.records import a_record
from usage.explorer import search
from usage.explorer.listing import ROWS, SAMPLE
from usage.models import UsageRow
from usage.storing import store

pytestmark = pytest.mark.django_db
LIST = reverse("admin:usage_usagerow_changelist")
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
MOST_QUERIES = 12


def page_of(request_id):
    return reverse("admin:usage_usagerow_change", args=[request_id])


def listed(client, **query):
    return [line.request_id for line in client.get(LIST, query).context["lines"]]


def staff(*permissions):
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def rows():
    newest = {"accepted_at": AT.timestamp()}
    ids = {"client_request_id": "client-77", "upstream_request_id": "chatcmpl-9f8e"}
    store(
        [
            a_record(request_id="req_01aa01", **newest, **ids),
            a_record(request_id="req_01aa02", status=502, error_code="upstream_error", **newest),
            a_record(request_id="req_01bb03", status=499, is_client_gone=True, **newest),
            a_record(request_id="req_01bb04", model="o1", connection="slow", duration_ms=45_000),
        ]
    )


@pytest.mark.parametrize(
    "pasted",
    ["req_01aa01", " req_01aa01\n", "client-77", "client-7", "chatcmpl-9f8e", "chatcmpl-9"],
)
def test_an_id_leads_straight_to_the_request(admin_client, rows, pasted):
    answer = admin_client.get(LIST, {"q": pasted, "period": "hour"})
    assert answer["Location"] == page_of("req_01aa01")


def test_a_beginning_of_several_ids_lists_them(admin_client, rows):
    assert set(listed(admin_client, q="req_01aa")) == {"req_01aa01", "req_01aa02"}


def test_a_beginning_of_many_ids_lists_the_same(admin_client, rows, monkeypatch):
    few = listed(admin_client, q="req_01")
    monkeypatch.setattr(search, "MANY", 2)
    assert len(few) > 2
    assert listed(admin_client, q="req_01") == few


@pytest.mark.parametrize("term", ["o1", "slow"])
def test_models_and_deleted_connections_are_found_by_name(admin_client, rows, term):
    assert listed(admin_client, q=term) == ["req_01bb04"]


@pytest.mark.parametrize("term", ["o1-pr", "slow", "slo"])
def test_models_and_connections_are_found_by_the_beginning_of_their_name(admin_client, rows, term):
    Connection.objects.create(name="slow", base_url="https://one.example/v1")
    UsageRow.objects.filter(model="o1").update(model="o1-pro")
    assert listed(admin_client, q=term) == ["req_01bb04"]


def test_users_are_found_by_the_beginning_of_their_name(admin_client, rows):
    ada = User.objects.create(username="ada.lovelace")
    store([a_record(request_id="req_ada", user_id=ada.pk, username=ada.username)])
    assert listed(admin_client, q="Ada.") == ["req_ada"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"state": "failed"}, {"req_01aa02"}),
        ({"state": "left"}, {"req_01bb03"}),
        ({"state": "slow"}, {"req_01bb04"}),
        ({"state": "unpriced"}, {"req_01aa01", "req_01bb04"}),
        ({"model": "o1"}, {"req_01bb04"}),
        ({"model": "o"}, set()),
        ({"error_code": "upstream_error"}, {"req_01aa02"}),
        ({"period": "hour"}, {"req_01bb04"}),
        ({"until": "2026-05-02"}, {"req_01aa01", "req_01aa02", "req_01bb03"}),
        ({"model": "", "nonsense": "1"}, {"req_01aa01", "req_01aa02", "req_01bb03", "req_01bb04"}),
    ],
)
def test_a_selection_narrows_the_list(admin_client, rows, query, ids):
    assert set(listed(admin_client, **query)) == ids


@pytest.mark.parametrize(("since", "is_found"), [("14:00", True), ("14:01", False)])
def test_moments_are_in_the_zone_of_the_gateway(admin_client, rows, settings, since, is_found):
    settings.TIME_ZONE = "Europe/Berlin"
    asked = {"since": f"2026-05-01T{since}", "until": "2026-05-02"}
    assert bool(listed(admin_client, **asked)) is is_found


def test_facets_count_and_lead_on(admin_client, rows):
    context = admin_client.get(LIST, {"model": "gpt-4o"}).context
    assert {chip.title: chip.count for chip in context["states"]} == {
        "Failed": 1,
        "Client left": 1,
        "Slow": 0,
        "No price": 1,
    }
    errors = dict(context["narrower"])["Error"]
    assert [(chip.title, chip.count) for chip in errors] == [("upstream_error", 1)]
    assert admin_client.get(LIST + errors[0].address).context["lines"][0].word.startswith("502")


def test_counts_are_of_the_newest_where_there_are_more(admin_client):
    store([a_record(request_id=f"req_{n:05}") for n in range(SAMPLE + 5)])
    page = admin_client.get(LIST).content.decode()
    assert f"Counts are of the newest {SAMPLE} of these requests." in page


def test_pages_follow_each_other_without_gap_or_repetition(admin_client):
    """Several rows share a moment, also at the seams."""
    total = 2 * ROWS + 7
    store(
        [
            a_record(
                request_id=f"req_{n:03}", accepted_at=(AT - timedelta(seconds=n // 4)).timestamp()
            )
            for n in range(total)
        ]
    )
    seen, address, pages = [], LIST, []
    while address:
        context = admin_client.get(address).context
        pages.append([line.request_id for line in context["lines"]])
        seen += pages[-1]
        address = context["older"] and LIST + context["older"]
    assert len(seen) == len(set(seen)) == total
    assert [len(page) for page in pages] == [ROWS, ROWS, 7]
    back = admin_client.get(LIST + context["newer"]).context
    assert [line.request_id for line in back["lines"]] == pages[1]
    first = admin_client.get(LIST + back["newer"]).context
    assert [line.request_id for line in first["lines"]] == pages[0]
    assert first["newer"] is None


@pytest.mark.parametrize(
    "query",
    [
        "error_code=%00",
        "q=%00",
        "q=" + "a" * 301,
        "user_id=x",
        "user_id=99999999999999999999",
        "user_id=%C2%B2",
        "key_id=1",
        "state=broken",
        "period=aeon",
        "since=yesterday",
        "until=9999-99",
        "before=1",
        "before=99999999999999999_req_1",
        "before=9999999999999999_req_%00",
        "after=x_y",
    ],
)
def test_what_cannot_be_read_is_a_bad_request(admin_client, rows, query):
    assert admin_client.get(f"{LIST}?{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "username__regex=(",
        "username__nothing=1",
        "error_code__icontains=%00",
        "o=-1.2",
        "p=99999999",
        "e=1",
        "q=%ED%A0%80",
        "q=%25_%27%22%5C",
        "before=9999999999999999_req_1",
        "after=0_req_1",
        "model=%F0%9F%98%80",
    ],
)
def test_other_parameters_and_odd_texts_do_no_harm(admin_client, rows, query):
    assert admin_client.get(f"{LIST}?{query}").status_code == 200


def test_the_list_takes_few_queries_whatever_it_shows():
    helper = staff("view_usagerow", "view_user", "view_apikey", "view_connection")
    keys = []
    for number in range(20):
        user = User.objects.create(username=f"user-{number}")
        keys.append((user, ApiKey.objects.issue(user)[0]))
        Connection.objects.create(name=f"c{number}", base_url="https://one.example/v1")
    store(
        [
            a_record(
                request_id=f"req_{n:03}",
                user_id=keys[n % 20][0].pk,
                username=keys[n % 20][0].username,
                key_id=keys[n % 20][1].pk,
                connection=f"c{n % 20}",
            )
            for n in range(3 * ROWS)
        ]
    )
    for query in ({}, {"state": "failed"}, {"q": "user-3"}, {"q": "req_0"}, {"q": "gpt-4o"}):
        with CaptureQueriesContext(connection) as queries:
            assert helper.get(LIST, query).status_code == 200
        assert len(queries) <= MOST_QUERIES, query
        assert not any("COUNT(" in each["sql"] or "OFFSET" in each["sql"] for each in queries)


def test_names_lead_to_their_pages_for_those_who_may_see_them(admin_client):
    user = User.objects.create(username="ada")
    key, _ = ApiKey.objects.issue(user)
    one = Connection.objects.create(name="openai", base_url="https://one.example/v1")
    store([a_record(request_id="req_1", user_id=user.pk, username="ada", key_id=key.pk)])
    pages = [
        reverse("admin:accounts_user_change", args=[user.pk]),
        reverse("admin:accounts_apikey_change", args=[key.pk]),
        reverse("admin:connections_connection_change", args=[one.pk]),
        reverse("model_page") + "?id=gpt-4o",
    ]
    shown = admin_client.get(LIST).content.decode()
    assert [url for url in pages if f'href="{url}"' not in shown] == []
    shown = staff("view_usagerow").get(LIST).content.decode()
    assert [url for url in pages if url in shown] == []


def test_csv_has_all_rows_and_no_formula(admin_client):
    store([a_record(request_id=f"req_{n:04}", model="=1+1", status=400) for n in range(1200)])
    answer = admin_client.get(LIST, {"format": "csv", "state": "failed"})
    assert answer.streaming
    text = b"".join(answer.streaming_content).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert len({line["request_id"] for line in lines}) == 1200
    assert {line["model"] for line in lines} == {"'=1+1"}
    assert datetime.fromisoformat(lines[0]["accepted_at"]).tzinfo is not None


@pytest.mark.django_db(transaction=True)
async def test_csv_is_streamed_over_asgi_too():
    root = await sync_to_async(User.objects.create_superuser)("root")
    await sync_to_async(store)([a_record(request_id="req_1")])
    client = AsyncClient()
    await client.aforce_login(root)
    answer = await client.get(LIST, {"format": "csv"})
    pieces = [piece async for piece in answer.streaming_content]
    assert len(pieces) == 2
    assert b"req_1" in pieces[1]


@pytest.mark.parametrize("query", [{}, {"format": "csv"}, {"q": "req_01aa01"}])
def test_staff_without_the_permission_see_and_export_nothing(rows, query):
    helper = staff("view_user")
    assert helper.get(LIST, query).status_code == 403
    assert helper.get(page_of("req_01aa01")).status_code == 403
    for path in ("/admin/requests/", "/admin/requests/req_01aa01"):
        assert helper.get(path).status_code == 403
    assert Client().get(LIST, query).status_code == 302


@pytest.mark.parametrize("path", ["req_01aa01", "req_01aa01/"])
def test_a_short_address_leads_to_the_request(admin_client, rows, path):
    answer = admin_client.get(f"/admin/requests/{path}")
    assert answer["Location"] == page_of("req_01aa01")


@pytest.mark.parametrize("path", ["nothing", "a/b", "%00", "%3Cscript%3E"])
def test_a_short_address_of_no_request_says_so(admin_client, rows, path):
    answer = admin_client.get(f"/admin/requests/{path}", follow=True)
    assert answer.status_code == (400 if path == "%00" else 200)
    if answer.status_code == 200:
        assert "No recorded request fits" in answer.content.decode()


def test_a_deleted_user_is_told(admin_client, rows):
    assert "(deleted, #" in admin_client.get(LIST).content.decode()


def test_the_empty_list_names_the_next_step(admin_client):
    assert "send the first one" in admin_client.get(LIST).content.decode()


def test_a_group_stands_for_its_members(admin_client, rows):
    ada = User.objects.create(username="ada")
    ada.groups.add(team := Group.objects.create(name="team"))
    store([a_record(request_id="req_ada", user_id=ada.pk, username="ada")])
    answer = admin_client.get(LIST, {"group_id": team.pk})
    assert [line.request_id for line in answer.context["lines"]] == ["req_ada"]
    assert [chip.title for chip in answer.context["filters"]] == ["Group: team"]
    assert listed(admin_client, group_id=team.pk + 1) == []


@pytest.mark.parametrize("sees_groups", [True, False])
def test_a_group_is_named_to_those_who_may_see_it(rows, sees_groups):
    group = Group.objects.create(name="secret-team")
    client = staff("view_usagerow", *(["view_group"] if sees_groups else []))
    chips = [chip.title for chip in client.get(LIST, {"group_id": group.pk}).context["filters"]]
    assert chips == ["Group: secret-team" if sees_groups else f"Group: {group.pk}"]
