"""The proxy of a connection as it is stored, written down and read back."""

from __future__ import annotations

import pytest
import yaml
from cryptography.fernet import Fernet

from accounts.encryption import EncryptionError
from accounts.reencryption import reencrypt
from connections.calling.resolve import resolve
from connections.models import Connection
from gateway_project.config_file.applying import apply_document
from gateway_project.config_file.document import read_document
from gateway_project.config_file.exporting import export_document
from gateway_project.config_file.source import ConfigFileError

pytestmark = pytest.mark.django_db

WHOLE = "http://user:canary-password@proxy.example:3128"
MASKED = "http://user:…@proxy.example:3128"


def imported(proxy: str) -> str:
    entry = {"name": "one", "base_url": "https://one.example/v1", "proxy": proxy}
    [told] = apply_document(read_document(yaml.safe_dump({"connections": [entry]})))
    return str(told)


def stored() -> Connection:
    found: Connection = Connection.objects.get()
    return found


def test_what_an_import_changes_is_told_without_the_password() -> None:
    imported("")
    assert imported(WHOLE) == f"~ connection one: proxy none set → {MASKED}"
    assert imported(WHOLE) == "  connection one"
    assert imported("http://user:another@proxy.example:3128").endswith(f"{MASKED} → {MASKED}")
    assert imported("None").endswith("→ none")


def test_an_export_without_secrets_reads_back_where_the_password_is_stored() -> None:
    imported(WHOLE)
    exported = export_document(with_secrets=False)
    assert "canary" not in exported.content
    assert exported.left_out == ("The password of the proxy of one is left out.",)
    document = read_document(exported.content)
    apply_document(document)
    assert stored().proxy_url == WHOLE
    stored().delete()
    with pytest.raises(ConfigFileError, match="proxy holds a hidden password"):
        apply_document(document)


def test_a_mistake_is_told_without_the_password() -> None:
    with pytest.raises(ConfigFileError, match="connection one: proxy is not valid") as refused:
        imported("socks5://user:canary@proxy")
    assert "canary" not in str(refused.value)


def test_the_request_path_has_the_password_and_tells_it_to_nobody() -> None:
    imported(WHOLE)
    upstream = resolve(stored())
    assert upstream.proxy == WHOLE
    assert "canary" not in repr(upstream)
    assert "canary-password" in upstream.secrets


def test_the_ciphertext_is_of_no_use_to_another_row() -> None:
    imported(WHOLE)
    other = Connection(name="two", base_url="https://two.example", proxy="http://evil.example")
    other.save()
    Connection.objects.filter(pk=other.pk).update(proxy_ciphertext=stored_one().proxy_ciphertext)
    other.refresh_from_db()
    with pytest.raises(EncryptionError):
        other.open_proxy_url()
    assert resolve(other).proxy == "http://evil.example"
    assert other.masked_proxy == "http://…@evil.example"


def stored_one() -> Connection:
    found: Connection = Connection.objects.get(name="one")
    return found


def test_saving_other_fields_keeps_the_password() -> None:
    imported(WHOLE)
    row = stored()
    row.priority = 3
    row.save()
    assert stored().proxy_url == WHOLE


def test_a_password_in_the_column_does_not_stay_there() -> None:
    Connection(name="one", base_url="https://one.example", proxy=WHOLE).save()
    assert (stored().proxy, stored().proxy_url) == ("http://proxy.example:3128", WHOLE)


def test_rotation_moves_it(settings) -> None:
    imported(WHOLE)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    moved = reencrypt(
        Connection.objects.exclude(proxy_ciphertext=""),
        bound_to=lambda row: row.proxy_bound_to,
        column="proxy_ciphertext",
    )
    assert moved.moved == 1
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert stored().proxy_url == WHOLE
