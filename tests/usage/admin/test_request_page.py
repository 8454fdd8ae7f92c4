"""The page of one request: how it went, why, and what is around it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey, User
from connections.models import Connection
from connections.models.key_source import KeySource
from limits.models import Limit
from tests.usage.records import a_log, a_record
from usage.models import Price
from usage.storing import store

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
MOST_QUERIES = 12
CANARY = "sk-canary-0123456789abcdef"


def address(request_id="req_1"):
    return reverse("admin:usage_usagerow_change", args=[request_id])


def shown(client, **fields):
    store([a_record(request_id="req_1", **fields)])
    return client.get(address()).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"duration_ms": 310}, "Answered by openai in 310 ms."),
        ({"attempt_log": a_log()}, "Answered by openai after 2 failed attempts in"),
        (
            {"status": 499, "is_client_gone": True, "duration_ms": 1234},
            "The client left after 1.2 s.",
        ),
        (
            {"status": 404, "error_code": "model_not_found", "attempts": 0, "connection": ""},
            "Refused by the gateway",
        ),
        (
            {"status": 502, "error_code": "upstream_error", "attempt_log": a_log()[:2]},
            "azure-us answered 500.",
        ),
        ({"error_code": "upstream_broke_off"}, "The response of openai broke off after"),
    ],
)
def test_the_verdict_is_a_sentence(admin_client, fields, sentence):
    assert sentence in shown(admin_client, **fields)


def test_the_attempts_are_told_in_their_order(admin_client):
    page = shown(admin_client, attempt_log=a_log(code="<b>"), status=200, duration_ms=1100)
    places = [page.index(name) for name in ("azure-eu", "azure-us", "500 &lt;b&gt;", "900 ms")]
    assert places == sorted(places)
    assert "…a1b2" in page
    assert "→ other key" in page.replace('<span class="requests-quiet">', "")


def test_the_words_of_an_upstream_are_shown_as_text(admin_client):
    log = a_log()
    log[1]["error_text"] = "The <server> had an error."
    page = shown(admin_client, attempt_log=log[:2], status=502, error_code="upstream_error")
    assert page.count("The &lt;server&gt; had an error.") == 2


@pytest.mark.parametrize("log", [[{}], [{"ms": "x", "connection": None}], [{"tokens": {}}]])
def test_an_attempt_of_another_version_does_no_harm(admin_client, log):
    assert "Answered by" in shown(admin_client, attempt_log=log)


def test_a_record_of_the_deleted_is_shown(admin_client):
    page = shown(admin_client, client_request_id="mine-1")
    assert "(deleted, #" in page
    assert "Explain access" not in page


def test_the_rest_is_a_link_away(admin_client):
    user = User.objects.create(username="ada")
    user.groups.add(Group.objects.create(name="web"))
    key, _ = ApiKey.objects.issue(user, name="laptop")
    whose = {"user_id": user.pk, "username": "ada", "key_id": key.pk, "key_hint": key.hint}
    price = Price.objects.create(
        source="admin", model="gpt-4o", input_per_million=1, output_per_million=2, valid_from=AT
    )
    limit = Limit.objects.create(
        label="web-daily", subject_kind="everyone", metric="usd", window="day", amount=5
    )
    marks = [f"{limit.pk}::1777593600", "999::1777593600", "nonsense"]
    page = shown(admin_client, limit_marks=marks, accepted_at=AT.timestamp() + 60, **whose)
    assert f"Price: {price}" in page
    assert "web-daily" in page
    assert "limit 999 (deleted)" in page
    assert "Group now: web" in page
    assert f"{reverse('admin:models_registry_models')}?user=ada&amp;model=gpt-4o" in page
    assert f'href="{reverse("admin:accounts_apikey_change", args=[key.pk])}">laptop' in page


def test_requests_of_the_same_key_are_around_it(admin_client):
    others = [
        a_record(request_id=f"req_{n}", accepted_at=(AT + timedelta(minutes=n)).timestamp())
        for n in range(2, 12)
    ]
    store(others)
    around = admin_client.get(address("req_6")).context["around"]
    assert [each["request_id"] for each in around] == [f"req_{n}" for n in range(9, 2, -1)]
    assert [each["is_this"] for each in around].index(True) == 3


def test_curl_has_no_secret_and_is_quoted(admin_client):
    page = shown(admin_client, model="it's", is_streamed=True, endpoint="chat/completions")
    assert "Bearer $KEY" in page.replace("&quot;", '"')
    assert "&#x27;&quot;&#x27;&quot;&#x27;" in page  # a quote within quotes of a shell
    assert "are not kept" in page


@pytest.mark.parametrize("endpoint", ["realtime", "passthrough", "responses/x"])
def test_there_is_no_curl_where_no_example_is_known(admin_client, endpoint):
    assert "As curl" not in shown(admin_client, endpoint=endpoint)


def test_no_page_has_a_secret(admin_client):
    openai = Connection.objects.create(name="openai", base_url="https://one.example/v1")
    openai.replace_keys([KeySource.parse(CANARY)])
    user = User.objects.create(username="ada")
    key, clear = ApiKey.objects.issue(user)
    whose = {"user_id": user.pk, "username": "ada", "key_id": key.pk, "key_hint": key.hint}
    page = shown(admin_client, attempt_log=a_log(), **whose)
    listed = admin_client.get(reverse("admin:usage_usagerow_changelist"))
    exported = admin_client.get(listed.request["PATH_INFO"], {"format": "csv"})
    texts = (page, listed.content.decode(), b"".join(exported.streaming_content).decode())
    for secret in (CANARY, clear, key.digest):
        assert [text for text in texts if secret in text] == []


def test_the_page_takes_few_queries(admin_client):
    user = User.objects.create(username="ada")
    log = a_log()
    store([a_record(request_id="req_1", user_id=user.pk, attempt_log=log, limit_marks=["1::0"])])
    with CaptureQueriesContext(connection) as queries:
        assert admin_client.get(address()).status_code == 200
    assert len(queries) <= MOST_QUERIES


@pytest.mark.parametrize("request_id", ["nothing", "req_\x00", "x" * 500, "_5F"])
def test_an_unknown_id_is_searched_for(admin_client, request_id):
    answer = admin_client.get(address(request_id), follow=True)
    assert answer.status_code in {200, 400}
    assert answer.redirect_chain


@pytest.mark.parametrize("sees_groups", [True, False])
def test_groups_are_told_to_those_who_may_see_them(client, sees_groups):
    user = User.objects.create_user("low")
    user.groups.add(Group.objects.create(name="secret-team"))
    viewer = User.objects.create_user("viewer", is_staff=True)
    names = ["view_usagerow", *(["view_group"] if sees_groups else [])]
    viewer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(viewer)
    page = shown(client, user_id=user.pk, username=user.username)
    assert ("secret-team" in page) is sees_groups
