"""The button "Try now" on a connection's page in the admin."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from connections.models import Connection
from resilience.live import revive_key, revive_target


@require_POST
def try_now_page(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Have the ``key`` or the ``model`` of the form used again. Wrap it in ``admin_view``."""
    pages = admin.site.get_model_admin(Connection)
    if not pages.has_change_permission(request):  # as for "Verify", so also for the environment's
        raise PermissionDenied
    connection = get_object_or_404(Connection, pk=connection_id)
    what = _revived(request, connection_id)
    if what:
        pages.log_change(request, connection, f"Tried again: {what}.")
        messages.success(request, f"The next request tries {what}.")
    else:
        messages.warning(request, "Nothing is known against it any more.")
    return redirect("admin:connections_connection_change", connection_id)


def _revived(request: HttpRequest, connection_id: int) -> str:
    key_id, model = request.POST.get("key", ""), request.POST.get("model", "")
    if key_id:
        hint = revive_key(connection_id, key_id)
        return "" if hint is None else f"the key {hint}"
    return f"the model {model}" if revive_target(connection_id, model) else ""
