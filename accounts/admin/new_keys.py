"""A new key on its way from the form that made it to the page that shows it once.

With it goes the link of an invitation, where the key is for a person who is invited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from accounts.admin.shown_once import keep, take
from accounts.models import ApiKey
from accounts.public_url import base_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a page shows once. ``invitation`` is a link, ``is_mailed`` if a mail has it, too."""

    key: str = field(repr=False)
    invitation: str = field(default="", repr=False)
    is_mailed: bool = False


def hand_over(request: HttpRequest, row: ApiKey, secrets: Secrets) -> None:
    """Let the session of ``request`` take ``secrets``, of the new key of ``row``, once."""
    keep(request, str(row.pk), [secrets.key, secrets.invitation, secrets.is_mailed])


def take_key(request: HttpRequest, row: ApiKey) -> Secrets | None:
    """The secrets that wait for this session, which forgets them. None if they have been taken."""
    taken = take(request, str(row.pk))
    if taken is None:
        return None
    key, invitation, is_mailed = taken
    return Secrets(key=key, invitation=invitation, is_mailed=is_mailed)


class ShowsNewKeys:
    """For the ``ModelAdmin`` of API keys: the page that shows a new key once."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(require_GET(self.new_key_page))  # type: ignore[attr-defined]
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]
        return [path("<uuid:row_id>/new-key/", page, name="accounts_apikey_new_key"), *urls]

    def redirect_to_new_key(
        self, request: HttpRequest, row: ApiKey, secrets: Secrets
    ) -> HttpResponse:
        hand_over(request, row, secrets)
        return redirect("admin:accounts_apikey_new_key", row.pk)

    def new_key_page(self, request: HttpRequest, row_id: Any) -> HttpResponse:
        """Show the key once, to the session that made it; later, viewers of keys get a note."""
        row = get_object_or_404(ApiKey.objects.select_related("user"), pk=row_id)
        secrets = take_key(request, row)
        if secrets is None and not request.user.has_perm("accounts.view_apikey"):
            raise PermissionDenied("A new key is shown once, to the person who made it.")
        admin: Any = self
        context = admin.admin_site.each_context(request) | {
            "title": f"New key of {row.user}",
            "opts": admin.opts,
            "row": row,
            "secrets": secrets,
            "key": secrets and secrets.key,
            "base_url": base_url(request),
            "earlier": row.earlier_keys.overlapping().order_by("-expires_at").first(),
        }
        response = TemplateResponse(request, "admin/accounts/apikey/created.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response
