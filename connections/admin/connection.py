"""Connections: made, changed and switched here, unless the environment describes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import display

from accounts.admin.deletions import TellsConsequences, counted
from accounts.admin.stale_edits import RefusesStaleEdits
from connections.admin.actions import ConnectionActions
from connections.admin.columns import ConnectionColumns
from connections.admin.editing import is_editable, is_reserved, is_superuser
from connections.admin.forms import ConnectionForm, ConnectionRowForm
from connections.admin.keys import ConnectionKeyFormSet, ConnectionKeyInline
from connections.admin.result import result_of
from connections.checks import WHO_COULD_ACT_AS_THEM, exposure_of
from connections.choices import API_TYPES, CALLERS_OWN, GATEWAYS_IDENTITY, Provider
from connections.models import Connection


def _is_one_of(field: str, values: Iterable[str]) -> str:
    """An expression for the browser."""
    return f"{json.dumps(sorted(map(str, values)))}.includes({field})"


# When a field means something, by the values of others, as the browser knows them.
CONDITIONS = {
    "api_version": _is_one_of("provider", [Provider.AZURE]),
    "api_type": _is_one_of("provider", API_TYPES),
    "auth_scope": _is_one_of("auth_type", GATEWAYS_IDENTITY),
    "forward_cookies": _is_one_of("auth_type", CALLERS_OWN),
}
SECRETS = frozenset({"headers", "proxy_ciphertext"})
SAVE_AND_VERIFY = "connections_connection_save_and_verify"  # the name of its button


@admin.register(Connection)
class ConnectionAdmin(RefusesStaleEdits, TellsConsequences, ConnectionColumns, ConnectionActions):
    form = ConnectionForm

    class Media:
        css = {"all": ("connections/connections.css",)}

    undisclosed = ("headers",)
    inlines = (ConnectionKeyInline,)
    fieldsets = (
        (None, {"fields": ("provider", "base_url", "api_version")}),
        (
            "Name and authentication",
            {"fields": ("name", "auth_type", "auth_scope", "forward_cookies", "is_enabled")},
        ),
        (
            "Models",
            {"classes": ("collapse",), "fields": ("priority", "model_ids", "prefix_id", "tags")},
        ),
        (
            "Requests",
            {
                "classes": ("collapse",),
                "fields": (
                    "api_type",
                    "headers",
                    "timeout_seconds",
                    "verify_tls",
                    "proxy",
                    "connection_type",
                    "shares_account_objects",
                    "costs_nothing",
                ),
            },
        ),
    )
    conditional_fields = CONDITIONS
    delete_confirmation_template = "admin/connections/connection/delete.html"
    change_form_outer_before_template = "admin/connections/connection/result.html"
    list_before_template = "admin/connections/connection/list_before.html"
    change_form_before_template = "admin/connections/connection/environment_banner.html"
    change_form_outer_after_template = "admin/connections/connection/live_state.html"
    list_editable = ("is_enabled", "priority")
    ordering_field = "priority"
    hide_ordering_field = True
    list_filter = ("is_enabled", "provider", "auth_type", "is_from_environment")
    list_filter_submit = True
    search_fields = ("name", "base_url", "prefix_id")

    def consequences(self, row: Connection) -> str:
        known: int | None = getattr(row, "key_count", None)
        number = row.keys.count() if known is None else known
        keys = f"{counted(number, 'stored key')} {'is' if number == 1 else 'are'}"
        return (
            f"{keys} deleted for good. Models that no other connection offers are gone for "
            "everybody; running requests end as they would. Usage records stay under the name. "
            "To keep the row, disable the connection instead."
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        rows: Any = super().get_queryset(request)
        return rows.with_health().annotate(key_count=Count("keys"))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        # A filter on a secret would tell it, character by character, to all who see the list.
        is_secret = lookup.partition("__")[0] in SECRETS
        return not is_secret and super().lookup_allowed(lookup, value, request)

    def get_form(
        self,
        request: HttpRequest,
        obj: Connection | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm]:
        return _for_editor(super().get_form(request, obj, change, **kwargs), request)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm]:
        row_form = _for_editor(ConnectionRowForm, request)
        return super().get_changelist_form(request, **{"form": row_form, **kwargs})

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        """Where nothing can be edited, Django would show stored header values in the clear."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [(title, options | _without_header_values(options)) for title, options in fieldsets]

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "header_names")

    @display(description="Extra headers")
    def header_names(self, connection: Connection) -> str:
        return ", ".join(connection.headers)

    def has_change_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        return super().has_change_permission(request, obj) and is_editable(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        is_ours = obj is None or not obj.is_from_environment
        return super().has_delete_permission(request, obj) and is_ours

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_disable = self.has_change_permission(request)
        return super().delete_view(
            request, object_id, {"may_disable": may_disable, **(extra_context or {})}
        )

    @method_decorator(sensitive_post_parameters())
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if SAVE_AND_VERIFY in request.POST:
            sent = request.POST.copy()
            sent["_continue"] = "1"  # the outcome is told on the same page
            request.POST = sent  # type: ignore[assignment]
        # Unfold shows these buttons for existing rows only; "Save and verify" is for new rows, too.
        buttons = self.get_actions_submit_line(request, object_id)
        extra_context = {"actions_submit_line": buttons, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        connection = context.get("original")
        context["is_reserved"] = connection is not None and is_reserved(request, connection)
        if connection is not None:
            context |= {
                "result": result_of(connection),
                "may_verify": self.has_verify_permission(request),
                "may_apply": self.has_change_permission(request, connection),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: list[Any], change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        if problem := exposure_of(form.instance):
            messages.warning(request, f"{problem} {WHO_COULD_ACT_AS_THEM}")
        for formset in formsets:
            if isinstance(formset, ConnectionKeyFormSet) and formset.dropped:
                masked = ", ".join(key.masked for key in formset.dropped)
                messages.warning(
                    request,
                    f"The base URL changed, so these stored keys were dropped: {masked}. "
                    "Enter the keys for the new address.",
                )


def _for_editor(form: type[forms.ModelForm], request: HttpRequest) -> type[forms.ModelForm]:
    return type(form.__name__, (form,), {"is_superuser": is_superuser(request)})


def _without_header_values(options: Any) -> dict[str, Any]:
    names = ("header_names" if name == "headers" else name for name in options["fields"])
    return {"fields": tuple(names)}
