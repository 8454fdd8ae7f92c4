from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import reencryption
from accounts.encryption import EncryptionKey, key_id_of, keyring
from accounts.models import StoredSecret
from accounts.reencryption import encrypted_models
from connections.models import Connection, ConnectionKey
from connections.models.key_source import KeySource

pytestmark = pytest.mark.django_db
OLD, NEW, OTHER = (EncryptionKey.generate_text() for _ in range(3))


@pytest.fixture
def stored(settings):
    """Two connection keys, a reference, and a secret of the gateway's own, all under OLD."""
    settings.ENCRYPTION_KEYS = [OLD]
    connection = Connection.objects.create(name="one", base_url="https://one.example")
    connection.replace_keys(
        [KeySource(secret="sk-1"), KeySource(secret="sk-2"), KeySource(environment_variable="E")]
    )
    canary = StoredSecret(name="canary")
    canary.ciphertext = keyring().encrypt("tweet", bound_to=canary.bound_to)
    canary.save()
    return connection


def run(*options):
    out, err = StringIO(), StringIO()
    call_command("rotate_encryption", *options, stdout=out, stderr=err)
    return out.getvalue()


def key_ids():
    texts = [*ConnectionKey.objects.exclude(ciphertext="").values_list("ciphertext", flat=True)]
    texts += StoredSecret.objects.filter(name="canary").values_list("ciphertext", flat=True)
    return {key_id_of(text) for text in texts}


def test_old_key_can_go_after_a_rotation(stored, settings):
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert run().startswith("3 encrypted again")

    settings.ENCRYPTION_KEYS = [NEW]

    assert key_ids() == {EncryptionKey.parse(NEW).id}
    assert [key.reveal() for key in stored.keys.all()[:2]] == ["sk-1", "sk-2"]
    assert StoredSecret.objects.get(name="canary").reveal() == "tweet"


def test_second_rotation_finds_nothing_to_do(stored, settings):
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    run()

    assert run().startswith("0 encrypted again")


def test_dry_run_changes_nothing(stored, settings):
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    assert run("--dry-run").startswith("3 would be")
    assert key_ids() == {EncryptionKey.parse(OLD).id}


def test_missing_key_is_named_and_its_rows_stay(stored, settings):
    settings.ENCRYPTION_KEYS = [OTHER]
    Connection.objects.create(name="two", base_url="https://two.example").replace_keys(
        [KeySource(secret="sk-3")]
    )
    settings.ENCRYPTION_KEYS = [NEW, OTHER]
    err = StringIO()

    with pytest.raises(CommandError) as caught:
        call_command("rotate_encryption", stdout=StringIO(), stderr=err)

    assert caught.value.returncode == 1
    assert err.getvalue().count(f"{EncryptionKey.parse(OLD).id} is missing") == 3
    assert key_ids() == {EncryptionKey.parse(OLD).id, EncryptionKey.parse(NEW).id}


def test_every_batch_is_rotated(stored, settings, monkeypatch):
    monkeypatch.setattr(reencryption, "BATCH_SIZE", 2)
    stored.replace_keys([KeySource(secret=f"sk-{number}") for number in range(5)])
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    assert run().startswith("6 encrypted again")
    assert key_ids() == {EncryptionKey.parse(NEW).id}


def test_every_model_with_a_ciphertext_names_its_rows():
    models = {model.__name__ for model in encrypted_models()}
    assert models >= {"StoredSecret", "ConnectionKey", "OAuthToken", "OwnResponse", "Conversation"}
    assert all(isinstance(model.bound_to, property) for model in encrypted_models())
