import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.encryption import EncryptionError, EncryptionKey
from connections.models import Connection, ConnectionKey, GatewaySettings
from connections.models.key_source import KeySource

pytestmark = pytest.mark.django_db
URL = "https://one.example/v1"
SECRET = "sk-models-0123456789"


@pytest.fixture
def connection():
    row = Connection.objects.create(name="one", base_url=URL)
    row.replace_keys([KeySource(secret=SECRET), KeySource(environment_variable="SECOND")])
    return row


@pytest.mark.parametrize(
    "columns",
    [
        {"name": ""},
        {"base_url": "ftp://one.example"},
        {"provider": "unheard-of"},
        {"auth_type": "unheard-of"},
        {"connection_type": "unheard-of"},
        {"timeout_seconds": 0},
    ],
)
def test_database_refuses_what_forms_refuse(connection, columns):
    with pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(**columns)


def test_name_is_unique(connection):
    with pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.create(name="one", base_url=URL)


@pytest.mark.parametrize(
    "columns",
    [
        {"ciphertext": "", "environment_variable": ""},
        {"ciphertext": "x", "environment_variable": "y"},
    ],
)
def test_key_has_exactly_one_source(connection, columns):
    with pytest.raises(IntegrityError), transaction.atomic():
        ConnectionKey.objects.filter(connection=connection).update(**columns)


def test_settings_are_one_row():
    with pytest.raises(IntegrityError), transaction.atomic():
        GatewaySettings.objects.create(id=2)


def test_url_index_counts_up_and_stays(connection):
    second = Connection.objects.create(name="two", base_url=URL)
    connection.delete()
    third = Connection.objects.create(name="three", base_url=URL)

    assert (second.url_index, third.url_index) == (1, 2)


def test_changed_base_url_drops_the_keys(connection):
    connection.base_url = "https://elsewhere.example/v1"
    connection.save()

    assert not connection.keys.exists()


@pytest.mark.parametrize("same", [URL, f"{URL}/", f"  {URL}", "HTTPS://ONE.example/v1"])
def test_base_url_that_means_the_same_keeps_the_keys(connection, same):
    connection.base_url = same
    connection.save()

    assert connection.keys.count() == 2


@pytest.mark.parametrize(
    "other", ["http://one.example/v1", "https://one.example:8443/v1", "https://one.example/V1"]
)
def test_base_url_that_differs_a_little_drops_the_keys(connection, other):
    connection.base_url = other
    connection.save()

    assert not connection.keys.exists()


def test_secret_is_stored_encrypted(connection):
    row = connection.keys.first()

    assert SECRET not in row.ciphertext
    assert row.last_four == SECRET[-4:]
    assert row.reveal() == SECRET


def test_swapped_ciphertexts_cannot_be_read(connection):
    connection.replace_keys(
        [KeySource(secret="sk-first-key-1"), KeySource(secret="sk-second-key-2")]
    )
    first, second = connection.keys.all()
    first.ciphertext, second.ciphertext = second.ciphertext, first.ciphertext

    for row in (first, second):
        with pytest.raises(EncryptionError, match="belongs elsewhere"):
            row.reveal()


def test_key_moved_to_another_connection_cannot_be_read(connection):
    row = connection.keys.first()
    row.connection = Connection.objects.create(name="two", base_url="https://two.example")
    row.save()

    with pytest.raises(EncryptionError, match="belongs elsewhere"):
        ConnectionKey.objects.get(pk=row.pk).reveal()
    assert row.readable_source() is None


def test_known_keys_keep_their_rows_when_replaced(connection):
    first, second = connection.keys.all()

    connection.replace_keys([KeySource(environment_variable="SECOND"), KeySource(secret="sk-new")])

    kept, new = connection.keys.all()
    assert kept.pk == second.pk
    assert new.reveal() == "sk-new"
    assert not ConnectionKey.objects.filter(pk=first.pk).exists()


def test_same_key_given_twice_makes_two_rows(connection):
    connection.replace_keys([KeySource(secret=SECRET)] * 2)

    assert [row.reveal() for row in connection.keys.all()] == [SECRET, SECRET]


def test_unreadable_key_gives_way_to_a_new_one(connection, settings):
    settings.ENCRYPTION_KEYS = [EncryptionKey.generate_text()]

    connection.replace_keys([KeySource(secret="sk-new-key")])

    assert [row.reveal() for row in connection.keys.all()] == ["sk-new-key"]


def test_short_secret_has_no_hint(connection):
    connection.replace_keys([KeySource(secret="short")])

    assert connection.keys.get().masked == "…"


@pytest.mark.parametrize(
    "url",
    [
        "not a url",
        "https://",
        "https://user:pass@one.example",
        "https://one.example/?a=1",
        "http://169.254.169.254/latest",
        "http://[::ffff:a9fe:a9fe]/",
        "https://one.example:port/",
    ],
)
def test_base_url_that_cannot_be_right_is_refused(url):
    with pytest.raises(ValidationError) as caught:
        Connection(name="one", base_url=url, url_index=5).full_clean()

    assert "base_url" in caught.value.message_dict
