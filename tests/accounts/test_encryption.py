import base64

import pytest

from accounts.encryption import EncryptionError, EncryptionKey, Keyring, key_id_of

OLD = EncryptionKey(b"o" * 32)
NEW = EncryptionKey(b"n" * 32)


def test_secret_comes_back_for_its_own_row():
    ring = Keyring([NEW])

    assert ring.decrypt(ring.encrypt("s3cret ✓", bound_to="row 1"), bound_to="row 1") == "s3cret ✓"


def test_secret_does_not_come_back_for_another_row():
    ring = Keyring([NEW])
    ciphertext = ring.encrypt("s3cret", bound_to="row 1")

    with pytest.raises(EncryptionError, match="altered or belongs elsewhere"):
        ring.decrypt(ciphertext, bound_to="row 2")


def test_same_secret_never_looks_the_same():
    ring = Keyring([NEW])

    assert ring.encrypt("s3cret", bound_to="r") != ring.encrypt("s3cret", bound_to="r")


def test_first_key_encrypts_and_every_key_decrypts():
    ciphertext = Keyring([OLD]).encrypt("s3cret", bound_to="r")
    both = Keyring([NEW, OLD])

    assert both.decrypt(ciphertext, bound_to="r") == "s3cret"
    assert key_id_of(both.encrypt("s3cret", bound_to="r")) == NEW.id


def test_missing_key_is_named_by_its_id():
    ciphertext = Keyring([OLD]).encrypt("s3cret", bound_to="r")

    with pytest.raises(EncryptionError, match=f"{OLD.id} is missing"):
        Keyring([NEW]).decrypt(ciphertext, bound_to="r")


def test_changed_ciphertext_is_refused():
    ring = Keyring([NEW])
    version, key_id, body = ring.encrypt("s3cret", bound_to="r").split(".")
    data = bytearray(base64.urlsafe_b64decode(body))
    data[-1] ^= 1
    changed = f"{version}.{key_id}.{base64.urlsafe_b64encode(data).decode()}"

    with pytest.raises(EncryptionError, match="altered"):
        ring.decrypt(changed, bound_to="r")


@pytest.mark.parametrize("text", ["", "v1", "v1.abc", "v2.abc.def", "plain text", "..."])
def test_text_of_another_form_is_refused(text):
    with pytest.raises(EncryptionError, match="unknown format"):
        Keyring([NEW]).decrypt(text, bound_to="r")


@pytest.mark.parametrize(
    ("text", "problem"), [("ä", "base64"), ("!!!!", "base64"), ("c2hvcnQ=", "5 bytes")]
)
def test_key_of_another_form_is_refused_without_showing_it(text, problem):
    with pytest.raises(ValueError, match=problem) as caught:
        EncryptionKey.parse(text)

    assert text not in str(caught.value)


def test_generated_key_is_accepted():
    assert len(EncryptionKey.parse(EncryptionKey.generate_text()).raw) == 32


def test_key_does_not_show_in_its_text():
    assert "o" * 8 not in repr(OLD)
