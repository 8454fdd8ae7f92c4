"""The history in the admin: a list of all changes; the tag of one object's is in templatetags."""

from __future__ import annotations

from typing import Any

from auditlog.models import LogEntry
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter

from accounts.admin.model_admin import ModelAdmin
from gateway_project.history.entries import WAY
from gateway_project.history.told import told, visible_to, way_of, who_of
from infrastructure.origin import Way

FIELDS_SHOWN = 4


class WayFilter(admin.SimpleListFilter):
    title = "way"
    parameter_name = "way"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(way.value, way.value.capitalize()) for way in Way]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        way = self.value()
        is_known = way in set(Way)
        return queryset.filter(**{f"additional_data__{WAY}": way}) if is_known else queryset


class HistoryAdmin(ModelAdmin):
    """Read only: no person rewrites what was."""

    list_display = ("at", "who", "how", "what", "changed")
    list_display_links = None
    list_filter = (WayFilter, "action", ("timestamp", RangeDateTimeFilter))
    list_filter_submit = True
    list_select_related = ("content_type", "actor")
    search_fields = ("object_repr", "actor__username", "object_pk")
    search_help_text = "The name of what was changed, or of the user who changed it."
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-timestamp", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        return visible_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """An entry has no page of its own: the list tells all of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:auditlog_logentry_changelist")

    history_view = change_view

    @admin.display(description="when", ordering="timestamp")
    def at(self, entry: LogEntry) -> Any:
        return entry.timestamp

    @admin.display(description="who")
    def who(self, entry: LogEntry) -> str:
        return who_of(entry)

    @admin.display(description="how")
    def how(self, entry: LogEntry) -> str:
        return way_of(entry)

    @admin.display(description="what")
    def what(self, entry: LogEntry) -> SafeString:
        said = told(entry)
        name = format_html('<a href="{}">{}</a>', said.url, said.name) if said.url else said.name
        return format_html("{} {} {}", said.action, said.kind, name)

    @admin.display(description="changes")
    def changed(self, entry: LogEntry) -> SafeString:
        changes = told(entry).changes
        lines = format_html_join(
            "",
            "<div>{}: {} → {}</div>",
            ((c.field, c.before, c.after) for c in changes[:FIELDS_SHOWN]),
        )
        more = len(changes) - FIELDS_SHOWN
        return format_html("{}{}", lines, f"and {more} more" if more > 0 else "")


# Our words in titles and on the way to the page; django-auditlog says "Audit log › Log entries".
LogEntry._meta.verbose_name = "change"
LogEntry._meta.verbose_name_plural = "changes"
apps.get_app_config("auditlog").verbose_name = "History"
admin.site.unregister(LogEntry)  # django-auditlog's own page, which this one replaces
admin.site.register(LogEntry, HistoryAdmin)
