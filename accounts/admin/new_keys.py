"""A new key on its way from the form that made it to the page that shows it once.

The form is answered by a redirect, so that a reload of the page makes no second key. Until the page
is shown, the key waits in the session, encrypted. After ``WAITING_SECONDS`` it is not shown any
more, and leaves the session with the next key or at the sign-out.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, get_script_prefix, path
from django.views.decorators.http import require_GET

from accounts.encryption import EncryptionError, keyring
from accounts.models import ApiKey
from accounts.snippets import snippets

SESSION_NAME = "new_api_keys"
WAITING_SECONDS = 300


def hand_over(request: HttpRequest, row: ApiKey, key: str) -> None:
    """Let the session of ``request`` take ``key``, the new key of ``row``, once."""
    ciphertext = keyring().encrypt(key, bound_to=_bound_to(request, row))
    waiting = _waiting(request)
    waiting[str(row.pk)] = [ciphertext, time.time() + WAITING_SECONDS]
    request.session[SESSION_NAME] = waiting


def take(request: HttpRequest, row: ApiKey) -> str | None:
    """The key that waits for this session, which forgets it. None if it has been taken."""
    waiting = _waiting(request)
    taken = waiting.pop(str(row.pk), None)
    request.session[SESSION_NAME] = waiting
    if taken is None:
        return None
    try:
        return keyring().decrypt(taken[0], bound_to=_bound_to(request, row))
    except EncryptionError:  # the encryption keys were rotated in between
        return None


class ShowsNewKeys:
    """For the ``ModelAdmin`` of API keys: the page that shows a new key once."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(require_GET(self.new_key_page))  # type: ignore[attr-defined]
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]
        return [path("<uuid:row_id>/new-key/", page, name="accounts_apikey_new_key"), *urls]

    def redirect_to_new_key(self, request: HttpRequest, row: ApiKey, key: str) -> HttpResponse:
        hand_over(request, row, key)
        return redirect("admin:accounts_apikey_new_key", row.pk)

    def new_key_page(self, request: HttpRequest, row_id: Any) -> HttpResponse:
        """Show the key once, to the session that made it; later, viewers of keys get a note."""
        row = get_object_or_404(ApiKey.objects.select_related("user"), pk=row_id)
        key = take(request, row)
        if key is None and not request.user.has_perm("accounts.view_apikey"):
            raise PermissionDenied("A new key is shown once, to the person who made it.")
        admin: Any = self
        base_url = request.build_absolute_uri(f"{get_script_prefix()}v1")
        context = admin.admin_site.each_context(request) | {
            "title": "Your new API key",
            "opts": admin.opts,
            "row": row,
            "key": key,
            "snippets": snippets(key, base_url) if key else [],
        }
        response = TemplateResponse(request, "admin/accounts/apikey/created.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response


def _waiting(request: HttpRequest) -> dict[str, Any]:
    """Ciphertexts of keys, and until when each may be shown, by the ids of their rows."""
    now = time.time()
    waiting = request.session.get(SESSION_NAME, {})
    return {pk: each for pk, each in waiting.items() if each[1] > now}


def _bound_to(request: HttpRequest, row: ApiKey) -> str:
    return f"accounts.new_api_key:{request.user.pk}:{row.pk}"
