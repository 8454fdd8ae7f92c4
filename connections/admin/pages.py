"""What the result of a verification offers: to apply its hint, and to try a chat."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from connections.admin.result import is_outdated, last_of
from connections.admin.verification import verify_and_tell
from connections.models import Connection
from connections.rules.destination import Destination
from connections.rules.validators import validate_base_url

PAGE = "admin:connections_connection_change"
LONGEST_MODEL = 300


@require_POST
def apply_change_page(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Apply the base URL that the last verification found to be right, and verify again.

    The value is the one that was kept, not one that is sent. Wrap it in ``admin_view``.
    """
    pages: Any = admin.site.get_model_admin(Connection)
    with transaction.atomic():
        rows = Connection.objects.select_for_update()
        connection = get_object_or_404(rows, pk=connection_id)
        if not pages.has_change_permission(request, connection):
            raise PermissionDenied
        base_url = _offered(connection)
        if not base_url:
            messages.warning(request, "The connection was changed since. Verify it again.")
            return redirect(PAGE, connection_id)
        _move(connection, base_url)
    pages.log_change(request, connection, f"Base URL set to {base_url}, as verified.")
    verify_and_tell(request, [connection_id])
    return redirect(PAGE, connection_id)


@require_POST
def try_chat_page(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Verify with a chat of one token and a stream, by the ``model`` of the form."""
    pages: Any = admin.site.get_model_admin(Connection)
    if not pages.has_verify_permission(request):
        raise PermissionDenied
    connection = get_object_or_404(Connection, pk=connection_id)
    model = request.POST.get("model", "").strip()[:LONGEST_MODEL]
    if model and model.isprintable():
        verify_and_tell(request, [connection.pk], model=model, stream=True)
    else:
        messages.warning(request, "Name a model to try a chat with.")
    return redirect(PAGE, connection_id)


def _offered(connection: Connection) -> str:
    """The kept base URL, if it is on the same host; otherwise empty."""
    last = last_of(connection)
    if last is None or is_outdated(connection, last):
        return ""
    changes = (step.get("change") or {} for step in last.steps)
    values = (str(each.get("value")) for each in changes if each.get("field") == "base_url")
    return next((url for url in values if _is_on_host_of(connection.base_url, url)), "")


def _is_on_host_of(base_url: str, offered: str) -> bool:
    before, after = Destination.of(base_url), Destination.of(offered)
    if before is None or after is None or before.host != after.host:
        return False
    try:
        validate_base_url(offered)
    except ValidationError:
        return False
    return not (before.scheme == "https" and after.scheme == "http")


def _move(connection: Connection, base_url: str) -> None:
    """Keys go along, which a new URL would drop: the verification sent them to it already."""
    sources = [row.readable_source() for row in connection.keys.all()]
    connection.base_url = base_url
    connection.save()
    connection.replace_keys(source for source in sources if source is not None)
