"""Key files in the admin: a superuser's to name, and within their folder."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from connections.models import Connection
from connections.models.key_source import KeySource
from tests.connections.admin.test_connection import ADD, form, page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> Any:
    settings.GATEWAY_KEY_FILES_DIR = str(tmp_path)
    (tmp_path / "key").write_text("sk-first")
    return tmp_path


@pytest.fixture
def editor(client: Client) -> Client:
    user = User.objects.create_user("editor", is_staff=True)
    wanted = Permission.objects.filter(content_type__app_label="connections")
    user.user_permissions.set(wanted)
    client.force_login(user)
    return client


def test_superuser_names_a_file_and_sees_its_path(admin_client: Client, folder: Any) -> None:
    assert admin_client.post(ADD, form(None, f"file:{folder}/key")).status_code == 302
    row = Connection.objects.get()
    [key] = row.keys.all()

    assert (key.reveal(), key.ciphertext) == ("sk-first", "")
    shown = admin_client.get(page(row)).content.decode()
    assert f"file:{folder}/key" in shown
    assert "sk-first" not in shown


@pytest.mark.parametrize("path", ["/etc/passwd", "{folder}/../other", "key", ""])
def test_file_out_of_the_folder_is_refused(admin_client: Client, folder: Any, path: str) -> None:
    response = admin_client.post(ADD, form(None, "file:" + path.format(folder=folder)))

    assert "This is a key whose file " in response.content.decode()
    assert not Connection.objects.exists()


def test_other_editors_name_no_file(editor: Client, folder: Any) -> None:
    response = editor.post(ADD, form(None, f"file:{folder}/key"))

    assert "the path of a file. Enter the key itself." in response.content.decode()
    assert not Connection.objects.exists()
    assert editor.post(ADD, form(None, "sk-typed")).status_code == 302


def test_weight_and_models_of_a_key_are_saved_without_its_secret(admin_client: Client) -> None:
    assert admin_client.post(ADD, form(None, "sk-typed")).status_code == 302
    row = Connection.objects.get()
    [key] = row.keys.all()
    uses = {"keys-0-weight": "3", "keys-0-model_patterns": "gpt-4*\no3"}

    assert admin_client.post(page(row), form(row) | uses).status_code == 302

    [changed] = row.keys.all()
    assert (changed.pk, changed.weight, changed.model_patterns) == (key.pk, 3, ["gpt-4*", "o3"])
    assert changed.reveal() == "sk-typed"


def test_new_weight_takes_no_key_to_another_address(admin_client: Client) -> None:
    row = Connection.objects.create(name="one", base_url="https://one.example/v1")
    row.replace_keys([KeySource(secret="sk-first-0123456789")])
    sent = form(row, base_url="https://other.example/v1")

    admin_client.post(page(row), sent | {"keys-0-weight": "3"})

    row.refresh_from_db()
    assert (row.base_url, row.keys.count()) == ("https://other.example/v1", 0)


@pytest.mark.parametrize(
    ("uses", "words"),
    [
        ({"keys-0-weight": "-1"}, "greater than or equal to 0"),
        ({"keys-0-weight": "2"}, "Enter the key itself"),
    ],
)
def test_key_that_cannot_be_used_so_is_refused(
    admin_client: Client, uses: dict[str, str], words: str
) -> None:
    response = admin_client.post(ADD, form(None, "") | uses)

    assert words in response.content.decode()
    assert not Connection.objects.exists()
