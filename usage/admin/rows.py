"""Usage records: to be found by their request id, never to be changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.admin.model_admin import ModelAdmin
from usage.admin.request_list import request_list
from usage.admin.request_page import request_page
from usage.models import UsageRow

VIEW = "usage.view_usagerow"
READING = {"GET", "HEAD"}


@admin.register(UsageRow)
class UsageRowAdmin(ModelAdmin):
    """The pages are our own, at the addresses that Django's would have."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        self._only_read(request)
        return request_list(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self._only_read(request)
        found = _found(object_id) or _found(unquote(object_id))  # as Django's links have it
        if found is None:
            return HttpResponseRedirect(_search(object_id))
        return request_page(request, found)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: UsageRow | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: UsageRow | None = None) -> bool:
        return False

    def _only_read(self, request: HttpRequest) -> None:
        if request.method not in READING or not self.has_view_permission(request):
            raise PermissionDenied


@require_safe
def request_link(request: HttpRequest, text: str = "") -> HttpResponse:
    """Lead from ``/admin/requests/<id>`` to the request's page. Wrap in ``admin_view``."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    request_id = text.strip("/")
    if _found(request_id):
        return HttpResponseRedirect(reverse("admin:usage_usagerow_change", args=[request_id]))
    return HttpResponseRedirect(_search(request_id))


def _found(request_id: str) -> UsageRow | None:
    if "\0" in request_id:  # PostgreSQL has no texts with it
        return None
    return UsageRow.objects.select_related("price").filter(pk=request_id).first()


def _search(text: str) -> str:
    """The list tells that there is no such request, and finds the beginning of one."""
    address = reverse("admin:usage_usagerow_changelist")
    return f"{address}?{urlencode({'q': text})}" if text else address
