"""Connections in the admin: keys go in and never come out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection as database
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.changes import current_versions
from accounts.models import User
from connections.models import Connection, ConnectionKey, GatewaySettings
from connections.models.key_source import KeySource
from tests.support.processes import free_port
from tests.support.upstream import ScriptedUpstream, json_response

pytestmark = pytest.mark.django_db
LIST = reverse("admin:connections_connection_changelist")
ADD = reverse("admin:connections_connection_add")
SETTINGS = reverse("admin:connections_gatewaysettings_change", args=[1])
URL = "https://one.example/v1"


def make(name: str = "one", *secrets: str, **fields: Any) -> Connection:
    made = Connection.objects.create(name=name, base_url=URL, **fields)
    made.replace_keys(KeySource.parse(secret) for secret in secrets)
    return made


def page(connection: Connection, name: str = "change") -> str:
    return reverse(f"admin:connections_connection_{name}", args=[connection.pk])


def form(connection: Connection | None = None, *new: str, **changes: Any) -> dict[str, Any]:
    """What a browser sends: the stored keys with blank fields, then the ``new`` ones."""
    stored = list(connection.keys.all()) if connection else []
    data: dict[str, Any] = {
        "name": connection.name if connection else "one",
        "provider": "compatible",
        "base_url": URL,
        "auth_type": "bearer",
        "priority": "10",
        "connection_type": "external",
        "verify_tls": "true",
        "keys-TOTAL_FORMS": len(stored) + len(new),
        "keys-INITIAL_FORMS": len(stored),
    }
    for number, key in enumerate(stored):
        data |= {f"keys-{number}-id": str(key.pk), f"keys-{number}-connection": connection.pk}
    for number, secret in enumerate(new, start=len(stored)):
        data[f"keys-{number}-secret"] = secret
    return data | changes


def save(client: Client, connection: Connection, *new: str, **changes: Any) -> HttpResponse:
    return client.post(page(connection), form(connection, *new, **changes), follow=True)


def secrets_of(connection: Connection) -> list[str]:
    return [key.reveal() for key in connection.keys.all()]


def test_url_and_key_make_a_connection(admin_client: Client) -> None:
    assert admin_client.post(ADD, form(None, "sk-first-key-1234")).status_code == 302
    assert secrets_of(Connection.objects.get()) == ["sk-first-key-1234"]


def test_several_keys_are_kept_in_order(admin_client: Client) -> None:
    admin_client.post(ADD, form(None, "sk-first", "", "sk-second"))
    made = Connection.objects.get()
    save(admin_client, made, "sk-third")
    assert secrets_of(made) == ["sk-first", "sk-second", "sk-third"]


def test_a_blank_field_keeps_the_key(admin_client: Client) -> None:
    made = make("one", "sk-first-key-1234")
    save(admin_client, made, tags="eu")
    assert secrets_of(made) == ["sk-first-key-1234"]
    assert Connection.objects.get().tags == ["eu"]


def test_a_typed_key_replaces_the_stored_one_and_its_age(admin_client: Client) -> None:
    made = make("one", "sk-first", "sk-second")
    before = made.keys.get(position=0)
    save(admin_client, made, **{"keys-0-secret": "sk-replaced"})
    assert secrets_of(made) == ["sk-replaced", "sk-second"]
    assert made.keys.get(pk=before.pk).created_at > before.created_at


def test_a_key_is_removed_only_when_asked(admin_client: Client) -> None:
    made = make("one", "sk-first", "sk-second")
    save(admin_client, made, **{"keys-0-DELETE": "on"})
    assert secrets_of(made) == ["sk-second"]


@pytest.mark.parametrize("text", ["env:SECRET_KEY", "os.environ/SECRET_KEY", " env:HOME "])
def test_references_to_the_environment_are_refused(admin_client: Client, text: str) -> None:
    response = admin_client.post(ADD, form(None, text))
    assert "come from configuration files only" in response.content.decode()
    assert not Connection.objects.exists()


@pytest.mark.parametrize("text", ["sk-a\r\nX-Injected: 1", "sk a", "sk-ä"])
def test_a_key_that_no_header_can_carry_is_refused(admin_client: Client, text: str) -> None:
    response = admin_client.post(ADD, form(None, text))
    assert "more than visible ASCII characters" in response.content.decode()


def test_another_base_url_drops_the_keys_and_says_so(admin_client: Client) -> None:
    made = make("one", "sk-first-key-1234", "env:SOME_KEY")
    response = save(admin_client, made, base_url="https://other.example/v1")
    assert "these stored keys were dropped: …1234, env:SOME_KEY" in response.content.decode()
    assert secrets_of(made) == []


def test_retyped_keys_survive_another_base_url(admin_client: Client) -> None:
    made = make("one", "sk-first-key-1234", "sk-second-key-5678")
    changes = {"base_url": "https://other.example/v1", "keys-1-secret": "sk-second-key-9999"}
    response = save(admin_client, made, "sk-third", **changes)
    assert "dropped: …1234. " in response.content.decode()
    assert secrets_of(made) == ["sk-second-key-9999", "sk-third"]


def test_removing_a_key_while_changing_the_base_url_is_no_error(admin_client: Client) -> None:
    made = make("one", "sk-first-key-1234")
    changes = {"base_url": "https://other.example/v1", "keys-0-DELETE": "on"}
    response = save(admin_client, made, **changes)
    assert response.redirect_chain
    assert "dropped" not in response.content.decode()
    assert secrets_of(made) == []


def test_the_same_base_url_written_otherwise_keeps_the_keys(admin_client: Client) -> None:
    made = make("one", "sk-first-key-1234")
    response = save(admin_client, made, base_url="HTTPS://ONE.example/v1/")
    assert "dropped" not in response.content.decode()
    assert secrets_of(made) == ["sk-first-key-1234"]


def test_keys_dropped_meanwhile_do_not_break_an_open_form(admin_client: Client) -> None:
    made = make("one", "sk-first-key-1234")
    data = form(made, "sk-second")
    made.keys.all().delete()
    assert admin_client.post(page(made), data).status_code in {200, 302}


def test_headers_are_rows(admin_client: Client) -> None:
    rows = {"headers_name": ["X-Team", "", "X-Cost"], "headers_value": ["search", "", "4711"]}
    admin_client.post(ADD, form(None, **rows))
    made = Connection.objects.get()
    assert made.headers == {"X-Team": "search", "X-Cost": "4711"}
    assert 'value="X-Cost"' in admin_client.get(page(made)).content.decode()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Host", "other.example", "is set by the gateway itself"),
        ("X Team", "search", "is not a header name"),
        ("X-Team", "a\r\nHost: b", "holds a line break"),
        ("", "search", "no header name"),
    ],
)
def test_bad_headers_are_errors_and_stay_in_the_form(
    admin_client: Client, name: str, value: str, message: str
) -> None:
    rows = {"headers_name": [name, "X-Good"], "headers_value": [value, "kept"]}
    response = admin_client.post(ADD, form(None, **rows))
    assert message in response.content.decode()
    assert 'value="X-Good"' in response.content.decode()


def test_a_header_given_twice_is_an_error(admin_client: Client) -> None:
    rows = {"headers_name": ["X-Team", "x-team"], "headers_value": ["a", "b"]}
    assert "given twice" in admin_client.post(ADD, form(None, **rows)).content.decode()


def test_model_ids_are_one_in_a_line(admin_client: Client) -> None:
    admin_client.post(ADD, form(None, model_ids="gpt-4o\r\n\r\n openai/o1:free \r\n"))
    made = Connection.objects.get()
    assert made.model_ids == ["gpt-4o", "openai/o1:free"]
    assert "gpt-4o\nopenai/o1:free</textarea>" in admin_client.get(page(made)).content.decode()


def test_saving_without_a_change_records_none(admin_client: Client) -> None:
    made = make("one", "sk-first-key-1234", model_ids=["a"], headers={"X-A": "b"})
    rows = {"headers_name": ["X-A", ""], "headers_value": ["b", ""]}
    save(admin_client, made, model_ids="a", is_enabled="on", **rows)
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


def test_a_connection_from_the_environment_is_read_only(admin_client: Client) -> None:
    made = make("one", "env:SOME_KEY", is_from_environment=True)
    text = admin_client.get(page(made)).content.decode()
    assert "comes from the environment" in text
    assert "env:SOME_KEY" in text
    assert admin_client.post(page(made), form(made)).status_code == 403
    assert admin_client.post(page(made, "delete"), {"post": "yes"}).status_code == 403


def test_the_priority_is_edited_in_the_list_but_not_of_the_environment(
    admin_client: Client,
) -> None:
    ours, theirs = make("ours"), make("theirs", is_from_environment=True)
    data = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    for number, row in enumerate((ours, theirs)):
        data |= {f"form-{number}-id": row.pk, f"form-{number}-priority": 99}
    admin_client.post(LIST, data)
    assert dict(Connection.objects.values_list("name", "priority")) == {"ours": 99, "theirs": 10}


def test_connections_are_switched_in_bulk_and_workers_hear_of_it(
    admin_client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    ours, theirs = make("ours"), make("theirs", is_from_environment=True)
    before = current_versions()
    data = {"action": "disable_selected", "_selected_action": [ours.pk, theirs.pk]}
    with django_capture_on_commit_callbacks(execute=True):
        response = admin_client.post(LIST, data, follow=True)
    assert "Left as the environment describes them: theirs." in response.content.decode()
    assert [row.name for row in Connection.objects.enabled()] == ["theirs"]
    assert current_versions() != before


def test_the_list_counts_the_keys(admin_client: Client) -> None:
    make("one", "sk-first", "env:SOME_KEY")
    shown = admin_client.get(LIST).content.decode()
    assert re.search(r'data-label="Keys">\s*2\s*<', shown)
    assert admin_client.get(LIST).context["cl"].result_list[0].key_count == 2


def test_a_list_of_30_takes_as_many_queries_as_one_of_3(admin_client: Client) -> None:
    few = count_queries(admin_client, 3)
    assert count_queries(admin_client, 30) == few


def count_queries(client: Client, rows: int) -> int:
    for number in range(Connection.objects.count(), rows):
        make(f"row-{number}", "sk-a", "sk-b")
    with CaptureQueriesContext(database) as queries:
        assert client.get(LIST).context["cl"].result_count == rows
    return len(queries)


def test_gateway_settings_are_one_page(admin_client: Client) -> None:
    assert admin_client.get(reverse("admin:connections_gatewaysettings_changelist")).url == SETTINGS
    text = admin_client.get(SETTINGS).content.decode()
    assert "As the environment says (on)" in text
    assert not GatewaySettings.objects.exists()
    admin_client.post(SETTINGS, {"enable_openai_api": "false", "models_cache_ttl": "2.5"})
    stored = GatewaySettings.objects.get()
    assert (stored.enable_openai_api, stored.models_cache_ttl) == (False, 2.5)
    assert stored.bypass_model_access_control is None


def test_gateway_settings_are_neither_added_nor_deleted(admin_client: Client) -> None:
    for name, args in (("add", []), ("delete", [1])):
        url = reverse(f"admin:connections_gatewaysettings_{name}", args=args)
        assert admin_client.post(url, {"post": "yes"}).status_code == 403


def test_no_page_shows_a_key(admin_client: Client) -> None:
    made = make("one", CANARY)
    for url in (LIST, page(made), page(made, "history"), page(made, "delete")):
        assert CANARY not in admin_client.get(url).content.decode(), url
    rejected = save(admin_client, made, CANARY, base_url="nonsense")
    assert "must begin with http" in rejected.content.decode()
    assert CANARY not in rejected.content.decode()


def test_a_form_with_errors_asks_for_the_keys_again(admin_client: Client) -> None:
    response = admin_client.post(ADD, form(None, "sk-first", "", base_url="nonsense"))
    assert response.content.decode().count("Enter the key again") == 1


def test_no_key_is_stored_in_clear_whatever_is_done_to_it(admin_client: Client) -> None:
    admin_client.post(ADD, form(None, CANARY))
    made = Connection.objects.get()
    save(admin_client, made, **{"keys-0-secret": CANARY + "2"})
    assert CANARY not in dump()
    save(admin_client, made, **{"keys-0-DELETE": "on"})
    admin_client.post(page(made, "delete"), {"post": "yes"})
    assert not ConnectionKey.objects.exists()
    assert LogEntry.objects.count() == 4
    assert CANARY not in dump()


CANARY = "sk-canary-upstream-key-7f3a"


def dump() -> str:
    """Every row of every table, as text."""
    with database.cursor() as cursor:
        rows = []
        for table in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")
            rows += [str(row) for row in cursor.fetchall()]
    return "\n".join(rows)


SAVE_AND_VERIFY = "connections_connection_save_and_verify"


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_is_saved_and_verified_with_its_key(admin_client: Client) -> None:
    with ScriptedUpstream() as upstream:
        data = form(None, "sk-first-key-1234", base_url=upstream.url, is_enabled="on")
        assert "Save and verify" in admin_client.get(ADD).content.decode()
        response = admin_client.post(ADD, data | {SAVE_AND_VERIFY: ""}, follow=True)
    made = Connection.objects.get()
    assert response.redirect_chain[-1][0] == page(made)
    assert "one works: 2 models are listed." in response.content.decode()
    assert upstream.requests[0].header("Authorization") == "Bearer sk-first-key-1234"


@pytest.mark.django_db(transaction=True)
def test_another_base_url_is_verified_without_the_old_key(admin_client: Client) -> None:
    made = make("one", "sk-first-key-1234")
    with ScriptedUpstream() as upstream:
        save(admin_client, made, base_url=upstream.url, **{SAVE_AND_VERIFY: ""})
    assert upstream.requests
    assert all(request.header("Authorization") is None for request in upstream.requests)


@pytest.mark.django_db(transaction=True)
def test_a_failed_step_is_told_with_its_hint(admin_client: Client) -> None:
    made = make("one")
    changes = {"base_url": f"http://127.0.0.1:{free_port()}/v1", SAVE_AND_VERIFY: ""}
    text = save(admin_client, made, **changes).content.decode()
    assert "one failed at tcp" in text
    assert "Is it running?" in text


@pytest.mark.django_db(transaction=True)
def test_nothing_is_verified_when_the_form_has_errors(admin_client: Client) -> None:
    with ScriptedUpstream() as upstream:
        data = form(None, "env:HOME", base_url=upstream.url)
        admin_client.post(ADD, data | {SAVE_AND_VERIFY: ""})
    assert not upstream.requests


@pytest.mark.django_db(transaction=True)
def test_selected_connections_are_verified_also_those_of_the_environment(
    admin_client: Client,
) -> None:
    with ScriptedUpstream() as upstream:
        rows = [make("ours"), make("theirs", is_from_environment=True)]
        Connection.objects.update(base_url=upstream.url)
        data = {"action": "verify_selected", "_selected_action": [row.pk for row in rows]}
        text = admin_client.post(LIST, data, follow=True).content.decode()
    assert "ours works" in text
    assert "theirs works" in text


@pytest.mark.django_db(transaction=True)
def test_verifying_one_connection_asks_first(admin_client: Client) -> None:
    with ScriptedUpstream() as upstream:
        made = make("one")
        Connection.objects.update(base_url=upstream.url)
        url = page(made, "verify")
        assert "Verify this connection?" in admin_client.get(url).content.decode()
        assert not upstream.requests
        response = admin_client.post(url, {"_form_submitted": "on"}, follow=True)
    assert "one works" in response.content.decode()


@pytest.mark.parametrize("number", ["abc", "²", "9" * 5000])
def test_verifying_what_is_no_connection_finds_nothing(admin_client: Client, number: str) -> None:
    url = reverse("admin:connections_connection_verify", args=[number])
    assert admin_client.post(url, {"_form_submitted": "on"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_what_an_upstream_says_is_no_html(admin_client: Client) -> None:
    with ScriptedUpstream() as upstream:
        said = {"error": {"message": "<script>alert(1)</script>"}}
        upstream.on("GET", "/v1/models", json_response(said, status=401))
        data = form(None, "sk-first-key-1234", base_url=upstream.url)
        response = admin_client.post(ADD, data | {SAVE_AND_VERIFY: ""}, follow=True)
    assert "failed at auth" in response.content.decode()
    assert "<script>alert(1)" not in response.content.decode()


def state_in_list(client: Client) -> str:
    """The words of the column."""
    cell = r'class="connection-state[^>]*>(.*?)</span>'
    words = re.findall(cell, client.get(LIST).content.decode(), re.DOTALL)[0]
    return re.sub("<.*?>", "", words).strip()


@pytest.mark.django_db(transaction=True)
def test_the_list_tells_how_the_connection_is(admin_client: Client) -> None:
    made = make("one")
    assert state_in_list(admin_client) == "not checked yet"
    with ScriptedUpstream() as upstream:
        save(admin_client, made, base_url=upstream.url, is_enabled="on", **{SAVE_AND_VERIFY: ""})
        assert state_in_list(admin_client) == "works · just now"
        upstream.on("GET", "/v1/models", json_response({}, status=401))
        admin_client.post(LIST, {"action": "verify_selected", "_selected_action": [made.pk]})
        assert state_in_list(admin_client) == "key refused · just now"
    admin_client.post(LIST, {"action": "verify_selected", "_selected_action": [made.pk]})
    assert state_in_list(admin_client) == "port refused · just now"


def test_verifying_takes_the_permission_to_change(client: Client) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_connection"))
    client.force_login(viewer)
    made = make("one")
    assert client.post(page(made, "verify"), {"_form_submitted": "on"}).status_code == 403
    assert "Save and verify" not in client.get(page(made)).content.decode()
