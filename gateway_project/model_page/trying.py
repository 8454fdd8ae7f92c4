"""A chat of one token with a model, begun by a button: it may cost something."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from connections.admin.verification import LEVELS, LONGEST_SECONDS, in_words
from connections.calling.resolve import resolve
from connections.models import Connection
from connections.verify.several import verify_all
from models_registry.targets import Target


def try_chat(request: HttpRequest, target: Target) -> None:
    """Tell the outcome as a message. For those who may verify connections."""
    pages = admin.site.get_model_admin(Connection)
    if not pages.has_change_permission(request):
        raise PermissionDenied
    row = Connection.objects.prefetch_related("keys").get(pk=target.connection.upstream.id)
    pages.log_change(request, row, f"Tried a chat of one token with {target.model}.")
    (found,) = async_to_sync(verify_all)(
        [resolve(row)], model=target.model, timeout_seconds=LONGEST_SECONDS
    )
    messages.add_message(request, LEVELS[found.outcome], in_words(target.qualified_id, found))
