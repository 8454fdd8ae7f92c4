"""The pages of the admin and of the portal, with the objects of a filled database in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

Page = tuple[str, str]  # a name and an address

PERIODS = ("1h", "24h", "7d", "30d")
TOPS = ("people", "models", "groups")
NO_LIST = "connections.gatewaysettings"  # a form of one row


def admin_pages() -> Iterator[Page]:
    """Every list, form, history and question before a deletion, and every page of our own."""
    from django.contrib import admin

    yield from _overviews()
    yield from _usage()
    yield from _requests()
    for model in admin.site._registry:
        yield from _of_model(model)
    yield from _connection_tabs()
    yield from _models()
    for name in ("live", "speech_cache"):
        yield name, _address(name)


def portal_pages(user: Any) -> Iterator[Page]:
    """Every page of the person, with the newest of their rows."""
    from usage.models import UsageRow

    for name in ("start", "api", "keys", "new_key", "models", "access", "groups", "limits"):
        yield f"portal {name}", _address(f"portal:{name}")
    for days in (7, 30, 90):
        yield f"portal usage of {days} days", _address("portal:usage", days=days)
    yield "portal requests", _address("portal:requests")
    yield "portal requests that failed", _address("portal:requests", state="failed")
    key = user.api_keys.first()
    yield "portal key", _address("portal:shown_key", key.pk)
    yield "portal rotate", _address("portal:rotate_key", key.pk)
    if row := UsageRow.objects.filter(user_id=user.pk).order_by("-accepted_at").first():
        yield "portal request", _address("portal:request", row.pk)
    if group := user.groups.first():
        granted = group.model_grants.order_by("-pk").first()
        yield "portal model", _address("portal:model", granted.pattern)
        yield "portal group", _address("portal:group", group.pk)


def _overviews() -> Iterator[Page]:
    for period in PERIODS:
        yield f"overview of {period}", _address("admin:index", period=period)
    for top in TOPS[1:]:
        yield f"overview of 30d by {top}", _address("admin:index", period="30d", top=top)


def _usage() -> Iterator[Page]:
    for days in (7, 30, 90, 365):
        yield f"usage of {days} days", _address("usage_charts", days=days)


def _requests() -> Iterator[Page]:
    """The list by each of its filters; a rare value is the hardest to find."""
    from usage.models import UsageRow

    row = UsageRow.objects.order_by("accepted_at").first()
    if row is None:
        return
    group = {"group_id": _first_group()}
    asked: dict[str, dict[str, Any]] = {
        "all": {},
        "of an hour": {"period": "hour"},
        "of 30 days": {"period": "month"},
        "failed": {"state": "failed"},
        "left": {"state": "left"},
        "slow": {"state": "slow"},
        "unpriced": {"state": "unpriced"},
        "of a user": {"user_id": row.user_id},
        "of a key": {"key_id": row.key_id},
        "of a model": {"model": row.model},
        "of a connection": {"connection": row.connection},
        "of no connection": {"connection": "unknown"},
        "of an error": {"error_code": "upstream_error"},
        "of no such error": {"error_code": "unknown"},
        "of a group": group,
        "of a group that failed": group | {"state": "failed"},
        "of a user that failed": {"user_id": row.user_id, "state": "failed"},
        "of a model and a connection": {"model": row.model, "connection": row.connection},
        "by a word": {"q": row.model[:7]},
        "by a user's name": {"q": row.username},
        "by no such word": {"q": "nothing-of-this-name"},
        "by the end of an id": {"q": row.request_id[:10]},
    }
    name = "admin:usage_usagerow_changelist"
    for words, values in asked.items():
        yield f"requests {words}", _address(name, **values)
    yield "request", _address("admin:usage_usagerow_change", row.pk)


def _of_model(model: Any) -> Iterator[Page]:
    """Lists are searched, too; the requests have a list of their own."""
    opts = model._meta
    stem = f"admin:{opts.app_label}_{opts.model_name}"
    label = f"{opts.app_label}.{opts.model_name}"
    if opts.model_name == "usagerow":
        return
    yield f"{label} list", _address(f"{stem}_changelist")
    if label != NO_LIST:
        yield f"{label} list, searched", _address(f"{stem}_changelist", q="1")
    yield f"{label} add", _address(f"{stem}_add")
    if row := model._default_manager.order_by("pk").first():
        for page in ("change", "delete", "history"):
            yield f"{label} {page}", _address(f"{stem}_{page}", row.pk)


def _connection_tabs() -> Iterator[Page]:
    from connections.models import Connection

    row = Connection.objects.order_by("pk").first()
    if row is None:
        return
    for name in ("connection_models", "connection_traffic"):
        yield name, _address(name, connection_id=row.pk)


def _models() -> Iterator[Page]:
    from usage.models import UsageHour

    names = ("admin:models_registry_models", "admin:models_registry_access")
    for name in names:
        yield name.removeprefix("admin:models_registry_"), _address(name)
    if hour := UsageHour.objects.order_by("-requests").first():
        yield "model_page", _address("model_page", id=hour.model)
        user = {"user": hour.user_id}
        yield "models of a user", _address("admin:models_registry_models", **user)
        yield "access of a user", _address("admin:models_registry_access", **user)


def _first_group() -> int:
    from django.contrib.auth.models import Group

    return Group.objects.order_by("pk").values_list("pk", flat=True)[0]


def _address(name: str, *arguments: Any, connection_id: int | None = None, **query: Any) -> str:
    from django.urls import reverse

    ids = {} if connection_id is None else {"connection_id": connection_id}
    path = reverse(name, args=arguments, kwargs=ids or None)
    return f"{path}?{urlencode(query, quote_via=quote)}" if query else path
