"""Second factors: asked for, demanded of staff, and unreadable in the database."""

import base64
import hmac
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.encryption import EncryptionKey, keyring
from accounts.models import User

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")
AUTHENTICATE = reverse("mfa_authenticate")


@pytest.fixture(autouse=True)
def _no_tries_before():
    cache.clear()


@pytest.fixture
def staff():
    return User.objects.create_superuser("staff", password="staff-pass-1")


def totp(secret, *, steps=0):
    """The code of an authenticator app (RFC 6238), ``steps`` of 30 seconds away."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    return f"{int.from_bytes(digest[offset : offset + 4]) % 2**31 % 10**6:06}"


def sign_in(client):
    return client.post(LOGIN, {"login": "staff", "password": "staff-pass-1"})


def set_up_totp(client):
    """Set up an authenticator app as a person would; its secret."""
    url = reverse("mfa_activate_totp")
    client.post(f"{reverse('account_reauthenticate')}?next={url}", {"password": "staff-pass-1"})
    secret = client.get(url).context["form"].secret
    assert client.post(url, {"code": totp(secret)}).status_code == 302
    return secret


def test_a_sign_in_asks_for_the_second_factor(staff):
    first, second = Client(), Client()
    sign_in(first)
    secret = set_up_totp(first)
    cache.clear()  # a code serves once
    assert sign_in(second)["Location"] == AUTHENTICATE
    assert second.get("/admin/").status_code == 302
    assert second.post(AUTHENTICATE, {"code": totp(secret)})["Location"] == reverse("portal:start")
    assert second.get("/admin/").status_code == 200


def test_a_code_serves_once_and_a_wrong_one_never(staff):
    first, second, third = Client(), Client(), Client()
    sign_in(first)
    secret = set_up_totp(first)
    cache.clear()
    sign_in(second)
    code = totp(secret)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert second.post(AUTHENTICATE, {"code": wrong}).status_code == 200
    assert second.post(AUTHENTICATE, {"code": code}).status_code == 302
    sign_in(third)
    assert third.post(AUTHENTICATE, {"code": code}).status_code == 200


def test_staff_without_one_are_led_to_set_one_up(staff, settings):
    settings.GATEWAY_REQUIRE_STAFF_MFA = True
    client = Client()
    sign_in(client)
    assert client.get("/admin/accounts/user/")["Location"] == reverse("mfa_index")
    assert b"need a second factor" in client.get(reverse("mfa_index")).content
    set_up_totp(client)
    assert client.get("/admin/accounts/user/").status_code == 200


def test_without_the_demand_staff_need_none(staff, settings):
    settings.GATEWAY_REQUIRE_STAFF_MFA = False
    client = Client()
    sign_in(client)
    assert client.get("/admin/").status_code == 200


def test_secrets_are_encrypted_and_move_to_a_new_key(staff, settings):
    client = Client()
    sign_in(client)
    secret = set_up_totp(client)
    stored = Authenticator.objects.get(user=staff, type="totp").data["secret"]
    assert secret not in stored
    settings.ENCRYPTION_KEYS = [EncryptionKey.generate_text(), *settings.ENCRYPTION_KEYS]
    call_command("rotate_encryption", verbosity=0)
    moved = Authenticator.objects.get(user=staff, type="totp").data["secret"]
    assert moved.split(".")[1] == keyring().primary.id
    assert keyring().decrypt(moved, bound_to="mfa.authenticator") == secret


def test_an_admin_removes_the_factors_of_somebody_who_lost_theirs(staff, admin_client):
    client = Client()
    sign_in(client)
    set_up_totp(client)
    data = {"action": "remove_second_factors", "_selected_action": [staff.pk]}
    admin_client.post(reverse("admin:accounts_user_changelist"), data)
    assert not Authenticator.objects.filter(user=staff).exists()


def test_an_operator_removes_them_too(staff, capsys):
    client = Client()
    sign_in(client)
    set_up_totp(client)
    call_command("remove_second_factors", "staff")
    assert "Removed" in capsys.readouterr().out
    assert not Authenticator.objects.filter(user=staff).exists()
    with pytest.raises(CommandError, match="no user named 'nobody'"):
        call_command("remove_second_factors", "nobody")
