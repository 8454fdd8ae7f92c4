"""The buttons on a notice of the admin's first page: verify a connection, or disable it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from connections.admin.verification import verify_and_tell
from connections.models import Connection

KEPT = ("period", "top")  # of the first page's own query


@require_POST
def verify_now_page(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Verify as "Verify" on the connection's own page does. Wrap it in ``admin_view``."""
    if not _pages().has_verify_permission(request):
        raise PermissionDenied
    connection = get_object_or_404(Connection, pk=connection_id)
    verify_and_tell(request, [connection.pk])
    return _back(request)


@require_POST
def disable_page(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Disable what its own page would let the person change. Wrap it in ``admin_view``."""
    pages = _pages()
    with transaction.atomic():
        rows = Connection.objects.select_for_update()
        connection = get_object_or_404(rows, pk=connection_id)
        if not pages.has_change_permission(request, connection):
            raise PermissionDenied
        was_enabled = connection.is_enabled
        if was_enabled:
            connection.is_enabled = False
            connection.save(update_fields=["is_enabled", "updated_at"])
            pages.log_change(request, connection, "Disabled.")
    url = reverse("admin:connections_connection_change", args=[connection_id])
    said = "is disabled: no request goes there" if was_enabled else "was disabled already"
    told = format_html('{} {}. <a href="{}">Enable it again</a>', connection.name, said, url)
    messages.success(request, told)
    return _back(request)


def _pages() -> Any:
    return admin.site.get_model_admin(Connection)


def _back(request: HttpRequest) -> HttpResponse:
    kept = {name: request.GET[name] for name in KEPT if name in request.GET}
    return redirect(f"{reverse('admin:index')}{'?' if kept else ''}{urlencode(kept)}")
