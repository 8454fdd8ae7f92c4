"""What can be done with connections by a press of a button: switch them and verify them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from accounts.admin.model_admin import ModelAdmin
from accounts.admin.person_field import is_id
from connections.admin.editing import is_reserved
from connections.admin.verification import verify_and_tell
from connections.models import Connection


class ConnectionActions(ModelAdmin):
    actions = ("enable_selected", "disable_selected", "verify_selected")
    actions_row = ("verify",)
    actions_detail = ("verify",)
    actions_submit_line = ("save_and_verify",)

    def has_save_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the form of this connection, or of a new one, may be saved."""
        if object_id is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, self.get_object(request, str(object_id)))

    def has_verify_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Permission to change connections is needed, also for those from the environment."""
        return self.has_change_permission(request)

    @admin.action(description="Enable selected connections", permissions=["change"])
    def enable_selected(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self.switch(request, queryset, on=True)

    @admin.action(description="Disable selected connections", permissions=["change"])
    def disable_selected(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self.switch(request, queryset, on=False)

    @admin.action(description="Verify selected connections", permissions=["verify"])
    def verify_selected(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        verify_and_tell(request, [connection.pk for connection in queryset])

    @action(
        description="Verify",
        icon="network_check",
        permissions=["verify"],
        dialog={
            "title": "Verify this connection?",
            "description": "Asks the upstream for its models, with the stored keys. "
            "Takes 10 seconds at most.",
            "form_class": None,
            "form_submit_text": "Verify",
        },
    )
    def verify(self, request: HttpRequest, form: forms.Form, object_id: str) -> HttpResponse:
        if not is_id(object_id):
            raise Http404
        verify_and_tell(request, [int(object_id)])
        if "HX-Request" in request.headers:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return HttpResponseRedirect(
            reverse("admin:connections_connection_change", args=[object_id])
        )

    @action(description="Save and verify", icon="network_check", permissions=["save"])
    def save_and_verify(self, request: HttpRequest, connection: Connection) -> None:
        # After the commit: the keys are saved by then, and no lock is held during the call.
        transaction.on_commit(partial(verify_and_tell, request, [connection.pk]))

    def switch(self, request: HttpRequest, queryset: QuerySet[Connection], *, on: bool) -> None:
        """Save each one, since a bulk update would not tell the workers."""
        word = "enabled" if on else "disabled"
        connections = list(queryset.exclude(is_enabled=on))
        theirs = [each for each in connections if each.is_from_environment]
        reserved = [each for each in connections if on and is_reserved(request, each)]
        switched = [each for each in connections if each not in {*theirs, *reserved}]
        for connection in switched:
            connection.is_enabled = on
            connection.save(update_fields=["is_enabled", "updated_at"])
            self.log_change(request, connection, f"{word.capitalize()}.")
        messages.success(request, f"{word.capitalize()}: {len(switched)}.")
        if theirs:
            messages.warning(request, f"Left as the environment describes them: {_names(theirs)}.")
        if reserved:
            messages.warning(request, f"Left for a superuser to enable: {_names(reserved)}.")


def _names(connections: list[Connection]) -> str:
    return ", ".join(map(str, connections))
