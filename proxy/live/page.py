"""The page of the live view, in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

LIVE_SOCKET = "admin/live/socket"


def live_page(request: HttpRequest) -> HttpResponse:
    """An empty table, which a script fills from the socket. Wrap it in ``admin_view``."""
    context = admin.site.each_context(request)
    context |= {"title": "Live requests", "socket_path": f"/{LIVE_SOCKET}"}
    return TemplateResponse(request, "admin/live.html", context)
