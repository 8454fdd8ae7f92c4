"""Connections: made, changed and switched here, unless the environment describes them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import display

from accounts.admin.deletions import TellsConsequences, counted
from accounts.admin.stale_edits import RefusesStaleEdits
from connections.admin.actions import ConnectionActions
from connections.admin.editing import is_editable, is_reserved, is_superuser
from connections.admin.forms import ConnectionForm, ConnectionRowForm
from connections.admin.keys import ConnectionKeyFormSet, ConnectionKeyInline
from connections.admin.verification import last_result
from connections.checks import WHO_COULD_ACT_AS_THEM, exposure_of
from connections.models import Connection

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
SAVE_AND_VERIFY = "connections_connection_save_and_verify"  # the name of its button


@admin.register(Connection)
class ConnectionAdmin(RefusesStaleEdits, TellsConsequences, ConnectionActions):
    form = ConnectionForm
    undisclosed = ("headers",)
    inlines = (ConnectionKeyInline,)
    fieldsets = (
        (
            None,
            {"fields": ("name", "provider", "base_url", "auth_type", "is_enabled")},
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
                    "api_version",
                    "headers",
                    "timeout_seconds",
                    "verify_tls",
                    "proxy",
                    "connection_type",
                    "auth_scope",
                    "forward_cookies",
                    "shares_account_objects",
                    "costs_nothing",
                ),
            },
        ),
    )
    list_before_template = "admin/models_registry/list_before.html"  # warnings about models
    change_form_before_template = "admin/connections/connection/environment_banner.html"
    change_form_outer_after_template = "admin/connections/connection/live_state.html"
    list_display = (
        "name_and_url",
        "provider_label",
        "is_enabled",
        "last_verified",
        "priority",
        "auth",
        "source",
    )
    list_editable = ("priority",)
    list_filter = ("is_enabled", "provider", "auth_type", "is_from_environment")
    list_filter_submit = True
    search_fields = ("name", "base_url", "prefix_id")

    def consequences(self, row: Connection) -> str:
        keys = counted(row.keys.count(), "stored key")
        return (
            f"{keys} are deleted for good. Models that no other connection offers are gone for "
            "everybody; running requests end as they would. Usage records stay under the name. "
            "To keep the row, disable the connection instead."
        )

    @display(description="Connection", ordering="name")
    def name_and_url(self, connection: Connection) -> str:
        return format_html(
            '<span class="whitespace-nowrap">{}</span>'
            '<span class="block font-normal text-subtle">{}</span>',
            connection.name,
            connection.base_url,
        )

    @display(description="Provider", ordering="provider", label=True)
    def provider_label(self, connection: Connection) -> str:
        return connection.get_provider_display()

    @display(description="Auth", ordering="key_count")
    def auth(self, connection: Any) -> str:
        keys = f" × {connection.key_count}" if connection.key_count else ""
        return f"{connection.get_auth_type_display()}{keys}".replace(" ", NO_BREAK_SPACE)

    @display(
        description="Verified",
        ordering="last_verification__started_at",
        label={
            "ok": "success",
            "warnings": "warning",
            "failed": "danger",
            "outdated": "default",
            "never": "default",
        },
    )
    def last_verified(self, connection: Connection) -> tuple[str, str]:
        return last_result(connection)

    @display(
        description="From",
        ordering="is_from_environment",
        label={"Env": "info", "Admin": "default"},
    )
    def source(self, connection: Connection) -> str:
        return "Env" if connection.is_from_environment else "Admin"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        rows = super().get_queryset(request).select_related("last_verification")
        return rows.annotate(key_count=Count("keys"))

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
