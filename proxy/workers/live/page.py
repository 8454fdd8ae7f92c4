"""The page of the live view, in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import get_script_prefix

from accounts.administration import END_REQUEST, LIVE, NEEDS

LIVE_SOCKET = "admin/live/socket"


@permission_required(NEEDS[LIVE], raise_exception=True)
def live_page(request: HttpRequest) -> HttpResponse:
    """An empty table, which a script fills from the socket. Wrap it in ``admin_view``."""
    context = admin.site.each_context(request)
    context |= {"title": "Live requests", "socket_path": f"{get_script_prefix()}{LIVE_SOCKET}"}
    context["may_end"] = request.user.has_perms(NEEDS[END_REQUEST])
    return TemplateResponse(request, "admin/live.html", context)
