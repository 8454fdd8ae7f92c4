"""TOTP secrets and recovery codes, encrypted at rest, and the demand that staff have some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.encryption import EncryptionError, key_id_of, keyring
from accounts.reencryption import Reencryption

BOUND_TO = "mfa.authenticator"  # allauth does not say to which row a secret belongs
SECRET_FIELDS = ("secret", "seed")


class MfaAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return keyring().encrypt(text, bound_to=BOUND_TO)

    def decrypt(self, encrypted_text: str) -> str:
        return keyring().decrypt(encrypted_text, bound_to=BOUND_TO)


class RequireStaffMfa:
    """Middleware: where the setting says so, the admin opens to staff with a second factor only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.GATEWAY_REQUIRE_STAFF_MFA and self.lacks_a_factor(request):
            messages.warning(
                request, "The admin pages need a second factor. Add one here to go on."
            )
            return HttpResponseRedirect(reverse("mfa_index"))
        return self.get_response(request)

    def lacks_a_factor(self, request: HttpRequest) -> bool:
        """Whether somebody signed in is about to enter the admin without one."""
        is_admin = request.path.startswith(reverse("admin:index"))
        is_leaving = request.path == reverse("admin:logout")
        return (
            is_admin
            and not is_leaving
            and request.user.is_authenticated
            and not is_mfa_enabled(
                request.user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
            )
        )


def reencrypt_second_factors(*, dry_run: bool = False) -> Reencryption:
    """Move the secrets of second factors to the newest encryption key."""
    result = Reencryption()
    for pk in Authenticator.objects.exclude(type="webauthn").values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is not None:
                result += _reencrypt(row, dry_run=dry_run)
    return result


def _reencrypt(row: Any, *, dry_run: bool) -> Reencryption:
    result = Reencryption()
    for name in SECRET_FIELDS:
        ciphertext = row.data.get(name, "")
        if not ciphertext:
            continue
        if key_id_of(ciphertext) == keyring().primary.id:
            result += Reencryption(current=1)
            continue
        try:
            plaintext = keyring().decrypt(ciphertext, bound_to=BOUND_TO)
        except EncryptionError as exc:
            result += Reencryption(unreadable=(f"{BOUND_TO}:{row.pk}: {exc}",))
            continue
        row.data[name] = keyring().encrypt(plaintext, bound_to=BOUND_TO)
        result += Reencryption(moved=1)
    if result.moved and not dry_run:
        row.save(update_fields=["data"])
    return result
