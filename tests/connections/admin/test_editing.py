"""Editors of connections who are no superusers: what the admin keeps from them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from connections.configuration.stored_headers import HIDDEN
from connections.models import Connection
from tests.connections.admin.test_connection import ADD, LIST, URL, form, make, page, save

pytestmark = pytest.mark.django_db
HEADERS = {"X-Secret": "stored-header-value"}
MASKED = {"headers_name": ["X-Secret"], "headers_value": [HIDDEN]}


@pytest.fixture
def editor(client: Client) -> Client:
    """Somebody with every permission on connections and keys."""
    user = User.objects.create_user("editor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="connections"))
    client.force_login(user)
    return client


@pytest.mark.parametrize("auth_type", ["session", "system_oauth"])
def test_editor_sets_up_nothing_that_passes_on_what_is_the_callers(
    editor: Client, auth_type: str
) -> None:
    assert f'value="{auth_type}"' not in editor.get(ADD).content.decode()

    refused = editor.post(ADD, form(None, auth_type=auth_type))
    assert "is not one of the available choices" in refused.content.decode()
    made = make()
    save(editor, made, auth_type=auth_type)
    assert [row.auth_type for row in Connection.objects.all()] == ["bearer"]


def test_editor_forwards_no_cookies(editor: Client) -> None:
    assert "Only a superuser" in editor.get(ADD).content.decode()

    editor.post(ADD, form(None, forward_cookies="on"))

    assert not Connection.objects.get().forward_cookies


@pytest.mark.parametrize("auth_type", ["session", "system_oauth"])
def test_editor_changes_nothing_that_passes_on_what_is_the_callers(
    editor: Client, auth_type: str
) -> None:
    made = make("one", "sk-0123456789", auth_type=auth_type, model_ids=["m"])

    assert "only a superuser changes it" in editor.get(page(made)).content.decode()
    changes = {"base_url": "https://evil.example", "auth_type": auth_type}
    assert editor.post(page(made), form(made, "sk-new", **changes)).status_code == 403
    row = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "_save": "Save"}
    editor.post(LIST, row | {"form-0-id": made.pk, "form-0-priority": 0})

    stored = Connection.objects.get()
    assert (stored.base_url, stored.priority, stored.keys.count()) == (URL, 10, 1)


def test_editor_disables_such_a_connection_and_does_not_enable_it(editor: Client) -> None:
    made = make(auth_type="session", model_ids=["m"])

    editor.post(LIST, {"action": "disable_selected", "_selected_action": [made.pk]})
    assert not Connection.objects.get().is_enabled
    enable = {"action": "enable_selected", "_selected_action": [made.pk]}
    answer = editor.post(LIST, enable, follow=True)
    assert "Left for a superuser to enable: one." in answer.content.decode()
    assert not Connection.objects.get().is_enabled


def test_superuser_does_all_of_it(admin_client: Client) -> None:
    fields = {"auth_type": "session", "forward_cookies": "on", "model_ids": "m"}
    admin_client.post(ADD, form(None, **fields))
    made = Connection.objects.get()
    assert (made.auth_type, made.forward_cookies) == ("session", True)

    save(admin_client, made, **fields, base_url="https://two.example")
    assert Connection.objects.get().base_url == "https://two.example"


def test_no_page_shows_the_value_of_a_header(editor: Client, admin_client: Client) -> None:
    made = make(headers=HEADERS)
    theirs = make("theirs", headers=HEADERS, is_from_environment=True)
    own = make("own", headers=HEADERS, auth_type="session", model_ids=["m"])
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_connection"))
    viewing = Client()
    viewing.force_login(viewer)

    for client in (editor, admin_client, viewing):
        for row in (made, theirs, own):
            text = client.get(page(row)).content.decode()
            assert "X-Secret" in text
            assert "stored-header-value" not in text
            assert "stored-header-value" not in client.get(page(row, "history")).content.decode()


def test_mask_keeps_the_value_and_is_no_change(admin_client: Client) -> None:
    made = make(headers=HEADERS)
    save(admin_client, made, is_enabled="on", **MASKED)
    assert Connection.objects.get().headers == HEADERS
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


@pytest.mark.parametrize(
    "url", ["https://evil.example/v1", "http://one.example/v1", "https://one.example:444/v1"]
)
def test_mask_does_not_follow_to_another_url(admin_client: Client, url: str) -> None:
    made = make(headers=HEADERS)
    response = save(admin_client, made, base_url=url, **MASKED)
    assert "belong to another base URL: give X-Secret again" in response.content.decode()
    assert "stored-header-value" not in response.content.decode()
    stored = Connection.objects.get()
    assert (stored.base_url, stored.headers) == (URL, HEADERS)


def test_new_url_takes_headers_that_are_entered_again_or_none(admin_client: Client) -> None:
    made = make(headers=HEADERS)
    rows = {"headers_name": ["X-Secret"], "headers_value": ["new"]}
    save(admin_client, made, base_url="https://two.example", **rows)
    assert Connection.objects.get().headers == {"X-Secret": "new"}
    save(admin_client, made, base_url="https://three.example")
    assert Connection.objects.get().headers == {}


def test_default_port_is_no_other_url(admin_client: Client) -> None:
    made = make("one", "sk-0123456789", headers=HEADERS)
    save(admin_client, made, base_url="https://one.example:443/v1", **MASKED)
    stored = Connection.objects.get()
    assert (stored.headers, stored.keys.count()) == (HEADERS, 1)


@pytest.fixture
def paths(tmp_path: Any) -> list[str]:
    (tmp_path / "garbage.pem").write_text("garbage")
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "ca.pem").write_text("")
    closed.chmod(0)
    found = [str(tmp_path / name) for name in ("garbage.pem", "missing.pem", "closed/ca.pem", "")]
    return [*found, "/etc/passwd", "/" + "a" * 290, "TRUE"]


def test_editor_learns_nothing_of_files_from_verify_tls(editor: Client, paths: list[str]) -> None:
    made = make()
    answers = {
        save(editor, made, verify_tls=path).content.decode().count("This must be true or false.")
        for path in paths
    }
    assert answers == {1}
    assert Connection.objects.get().verify_tls == "true"
    save(editor, made, verify_tls="false")
    assert Connection.objects.get().verify_tls == "false"


def test_superuser_gives_the_path_of_a_file(admin_client: Client, paths: list[str]) -> None:
    made = make()
    save(admin_client, made, verify_tls=paths[0])
    assert Connection.objects.get().verify_tls == paths[0]
    for path in (paths[1], "/" + "a" * 290, "x/" * 140):
        response = save(admin_client, made, verify_tls=path)
        assert "that exists here" in response.content.decode()


def test_editor_keeps_a_path_that_is_there(editor: Client, paths: list[str]) -> None:
    made = make(verify_tls=paths[0])
    save(editor, made, verify_tls=paths[0], tags="a")
    stored = Connection.objects.get()
    assert (stored.verify_tls, stored.tags) == (paths[0], ["a"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base_url": "https://evil.example"}, "GATEWAY_IDENTITY_HOSTS"),
        (
            {
                "base_url": "https://evil.example",
                "auth_scope": "https://management.azure.com/.default",
            },
            "GATEWAY_IDENTITY_HOSTS",
        ),
        (
            {
                "base_url": "https://res.openai.azure.com",
                "auth_scope": "https://management.azure.com/.default",
            },
            "GATEWAY_IDENTITY_SCOPES",
        ),
    ],
)
@pytest.mark.parametrize("auth_type", ["azure_ad", "microsoft_entra_id"])
def test_identity_goes_to_no_other_host_and_scope_for_anybody(
    admin_client: Client, auth_type: str, changes: dict[str, str], message: str
) -> None:
    response = admin_client.post(ADD, form(None, auth_type=auth_type, **changes))
    assert message in response.content.decode()
    assert not Connection.objects.exists()


def test_editor_may_use_the_identity_with_azure(editor: Client) -> None:
    fields = {"auth_type": "azure_ad", "base_url": "https://res.openai.azure.com"}
    editor.post(ADD, form(None, **fields))
    assert Connection.objects.get().auth_type == "azure_ad"
