"""The pages of the people, keys, connections and models that rows name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import OuterRef, Subquery
from django.urls import reverse

from accounts.models import ApiKey, User
from connections.models import Connection
from usage.models import UsageRow

PRESENT = {
    "now_named": Subquery(User.objects.filter(pk=OuterRef("user_id")).values("username")),
    "key_name": Subquery(ApiKey.objects.filter(pk=OuterRef("key_id")).order_by().values("name")),
    "connection_id": Subquery(
        Connection.objects.filter(name=OuterRef("connection")).order_by().values("pk")
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a row names, as it was called then, with an address where the viewer may see a page.

    ``now_named`` and ``key_name`` are None for what was deleted.
    """

    user: str
    now_named: str | None
    key_hint: str
    key_name: str | None
    connection: str
    model: str
    user_url: str = ""
    key_url: str = ""
    connection_url: str = ""
    model_url: str = ""


def names_of(rows: Collection[UsageRow], viewer: Any) -> dict[str, Names]:
    """By request id; one query."""
    found = UsageRow.objects.filter(pk__in=[row.pk for row in rows]).order_by()
    present = {pk: rest for pk, *rest in found.values_list("pk", *PRESENT.values())}
    return {row.pk: _names(row, present.get(row.pk, [None] * 3), viewer) for row in rows}


def names_in(row: Any, viewer: Any) -> Names:
    """Of a row that is annotated with ``PRESENT``; no query."""
    return _names(row, [getattr(row, name) for name in PRESENT], viewer)


def model_address(model: str, viewer: Any) -> str:
    may = viewer.has_perm("models_registry.view_registeredmodel")
    return f"{reverse('model_page')}?{urlencode({'id': model})}" if may else ""


def _names(row: UsageRow, present: list[Any], viewer: Any) -> Names:
    now_named, key_name, connection_id = present
    return Names(
        user=row.username,
        now_named=now_named,
        key_hint=row.key_hint,
        key_name=key_name,
        connection=row.connection,
        model=row.model,
        user_url=_page("accounts", "user", now_named and row.user_id, viewer),
        key_url=_page("accounts", "apikey", None if key_name is None else row.key_id, viewer),
        connection_url=_page("connections", "connection", connection_id, viewer),
        model_url=model_address(row.model, viewer) if row.model else "",
    )


def _page(app: str, model: str, pk: Any, viewer: Any) -> str:
    if not pk or not viewer.has_perm(f"{app}.view_{model}"):
        return ""
    return reverse(f"admin:{app}_{model}_change", args=[pk])
