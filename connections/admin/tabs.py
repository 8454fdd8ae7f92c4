"""The pages of one connection, as tabs: settings, and what rooms above tell of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from connections.models import Connection


def tab_context(request: HttpRequest, connection_id: int, title: str) -> dict[str, Any]:
    """What a page of a tab shows around itself. Raises ``PermissionDenied``."""
    pages: Any = admin.site.get_model_admin(Connection)
    # As the table of permissions says; Django would let those in, too, who may change alone.
    if not request.user.has_perm("connections.view_connection"):
        raise PermissionDenied
    rows = Connection.objects.with_health()
    connection = get_object_or_404(rows, pk=connection_id)
    return admin.site.each_context(request) | {
        "title": f"{connection.name}: {title}",
        "opts": Connection._meta,
        "connection": connection,
        "original": connection,
        "media": pages.media,
    }
