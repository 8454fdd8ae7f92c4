"""Stored tokens are unreadable, belong to their row, and move to a new key."""

import pytest
from django.core.management import call_command

from accounts.encryption import EncryptionError, EncryptionKey, key_id_of, keyring
from accounts.models import User
from accounts.models.oauth_tokens import OAuthToken, TokenPair
from tests.accounts.oauth.test_access_tokens import make_token


@pytest.fixture
def token(db):
    return make_token(User.objects.create_user("alice"), seconds=60)


def test_a_token_cannot_be_moved_to_another_row(token):
    other = make_token(token.user, seconds=60)
    OAuthToken.objects.filter(pk=other.pk).update(ciphertext=token.ciphertext)
    other.refresh_from_db()
    with pytest.raises(EncryptionError):
        other.reveal()


def test_a_token_moves_to_a_new_key(token, settings):
    settings.ENCRYPTION_KEYS = [EncryptionKey.generate_text(), *settings.ENCRYPTION_KEYS]
    call_command("rotate_encryption", verbosity=0)
    token.refresh_from_db()
    assert key_id_of(token.ciphertext) == keyring().primary.id
    assert token.reveal().access == "access-0"


def test_a_token_pair_does_not_show_itself():
    assert "secret" not in repr(TokenPair(access="secret-a", refresh="secret-r"))
