"""Usage records: to be found by their request id, never to be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import FieldTextFilter
from unfold.decorators import display

from accounts.departures import Named, named
from accounts.models import User
from usage.admin.filters import PeriodFilter, WholeTextFilter
from usage.attempts import attempt_lines, words_of
from usage.models import UsageRow

MOST_COUNTED = 10_000
PATTERNS = ("__regex", "__iregex")


class EstimatingPaginator(Paginator):
    """Counts as far as people turn pages: counting millions of rows takes longer than a page."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        counted = rows.order_by()[: MOST_COUNTED + 1].count()
        if counted <= MOST_COUNTED:
            return counted
        return max(counted, self._estimate())

    def _estimate(self) -> int:
        """PostgreSQL knows about how many rows a table has; a filtered list stays at the cap."""
        rows: Any = self.object_list
        if connection.vendor != "postgresql" or rows.query.where:
            return MOST_COUNTED
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)",
                [UsageRow._meta.db_table],
            )
            return int(cursor.fetchone()[0])


@admin.register(UsageRow)
class UsageRowAdmin(ModelAdmin):
    list_display = (
        "accepted_at",
        "user",
        "model",
        "connection",
        "endpoint",
        "outcome",
        "prompt_tokens",
        "completion_tokens",
        "cost",
        "first_byte_ms",
        "duration_ms",
        "request_id",
    )
    list_display_links = ("accepted_at", "request_id")
    list_filter = (
        ("accepted_at", PeriodFilter),
        ("username", WholeTextFilter),
        ("user_id", WholeTextFilter),
        ("model", WholeTextFilter),
        ("connection", WholeTextFilter),
        ("error_code", FieldTextFilter),
        "is_streamed",
        "is_client_gone",
    )
    list_filter_submit = True
    search_fields = ("request_id", "client_request_id")
    search_help_text = (
        "A request id, ours or the client's; the user name, full name or e-mail address of a user, "
        "or the name or hint of an API key, of deleted ones, too."
    )
    sortable_by = ()
    list_per_page = 50
    show_full_result_count = False
    paginator = EstimatingPaginator
    list_select_related = False

    exclude = ("attempt_log", "limit_marks")
    readonly_fields = ("tried", "rates")

    @admin.display(description="Attempts, one by one")
    def tried(self, row: UsageRow) -> str:
        log = row.attempt_log or []
        told = zip(attempt_lines(log), words_of(log), strict=True)
        lines = (f"{line}: {words}" if words else line for line, words in told)
        return format_html_join("", "{}<br>", ((line,) for line in lines)) or "-"

    @admin.display(description="Rates")
    def rates(self, row: UsageRow) -> str:
        if row.is_cost_estimated:
            return f"{row.price}, as an estimate: the list has none for this host or service tier."
        return "-" if row.price is None else str(row.price)

    @display(
        description="Outcome",
        label={"done": "success", "failed": "danger", "broken off": "warning", "left": "info"},
    )
    def outcome(self, row: UsageRow) -> tuple[str, str]:
        if row.is_client_gone:
            return "left", f"{row.status} client left"
        if row.status >= 400 or not row.status:
            return "failed", f"{row.status} {row.error_code}"
        return (
            ("broken off", f"{row.status} {row.error_code}") if row.error_code else ("done", "OK")
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[UsageRow], search_term: str
    ) -> tuple[QuerySet[UsageRow], bool]:
        """Whole ids and names: a part of one would have every row read."""
        term = search_term.strip()
        if not term:
            return queryset, False
        for found in (queryset.filter(pk=term), queryset.filter(client_request_id=term)):
            if found.exists():
                return found, False
        return queryset.filter(_is_of(named(term))), False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Look up what the users of a page are called now, with one query."""
        page = super().get_changelist_instance(request)
        numbers = {row.user_id for row in page.result_list}
        present = dict(User.objects.filter(pk__in=numbers).values_list("pk", "username"))
        for row in page.result_list:
            row.present_name = present.get(row.user_id)
        return page

    @display(description="User")
    def user(self, row: Any) -> str:
        """The name as it was. Another user may have it now."""
        if row.present_name is None:
            return f"{row.username} (deleted, #{row.user_id})"
        if row.present_name != row.username:
            return f"{row.username} (now {row.present_name})"
        return str(row.username)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Addresses may filter by anything that the database can look for.

        A pattern may be one that it cannot read, and PostgreSQL has no texts with a NUL.
        """
        is_readable = not lookup.endswith(PATTERNS) and "\0" not in str(value)
        return is_readable and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: UsageRow | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: UsageRow | None = None) -> bool:
        return False


def _is_of(found: Named) -> Q:
    """The rows of these users and keys, by the index on users."""
    condition = Q(user_id__in=found.user_ids)
    for user_id, key_id in found.keys:
        condition |= Q(user_id=user_id, key_id=key_id)
    return condition
