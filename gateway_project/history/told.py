"""Entries of the history in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditlog.models import LogEntry
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet, Value
from django.urls import NoReverseMatch, reverse

from gateway_project.history.entries import NAME, WAY, WHO
from gateway_project.history.recorded import HIDDEN
from infrastructure.origin import Way

LONGEST_SHOWN = 200
SHARED_SHOWN = 40  # characters before the first that differs, of values that are too long
NOTHING = "–"
MEMBERS = "groups"  # in an entry of a group: the name of the users' field
ACTIONS = {
    LogEntry.Action.CREATE: "made",
    LogEntry.Action.UPDATE: "changed",
    LogEntry.Action.DELETE: "deleted",
}
EMPTY = {"", "None", "[]", "{}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field. A dash stands for an empty value; long values are cut to what differs."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry. ``url`` leads to the object, and is empty where it has no page any more."""

    at: datetime
    who: str
    way: str
    address: str
    action: str
    kind: str
    name: str
    url: str
    changes: tuple[Change, ...]


def told(entry: LogEntry) -> Told:
    """Groups and their members are named for an entry that went through ``for_viewer``."""
    model = entry.content_type.model_class()
    kind = str(model._meta.verbose_name) if model else entry.content_type.model
    return Told(
        at=entry.timestamp,
        who=who_of(entry),
        way=way_of(entry),
        address=entry.remote_addr or "",
        action=ACTIONS[entry.action],
        kind=kind,
        name=entry.object_repr,
        url=_url_of(entry, model),
        changes=tuple(_changes_of(entry, model)),
    )


def entries_of(row: Model) -> QuerySet[LogEntry]:
    """The entries of one object, the newest first."""
    content_type = apps.get_model("contenttypes.ContentType").objects.get_for_model(row)
    entries = LogEntry.objects.filter(content_type=content_type, object_pk=str(row.pk))
    found: QuerySet[LogEntry] = entries.select_related("content_type", "actor")
    return found.order_by("-timestamp", "-pk")


def visible_to(user: Any) -> QuerySet[LogEntry]:
    """The entries about objects whose pages ``user`` may see."""
    content_type = apps.get_model("contenttypes.ContentType")
    models = [
        model
        for recorded in content_type.objects.filter(pk__in=LogEntry.objects.values("content_type"))
        if (model := recorded.model_class()) is not None
        and user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    ]
    types = content_type.objects.get_for_models(*models).values()
    found = LogEntry.objects.filter(content_type__in=[each.pk for each in types])
    return for_viewer(found, user)


def for_viewer(entries: QuerySet[LogEntry], viewer: Any) -> QuerySet[LogEntry]:
    """Entries that name members where ``viewer`` may see users, and groups where they may those."""
    found: QuerySet[LogEntry] = entries.annotate(
        names_members=Value(viewer.has_perm("accounts.view_user")),
        names_groups=Value(viewer.has_perm("auth.view_group")),
    )
    return found


def who_of(entry: LogEntry) -> str:
    """The user's name; where no user made the change, what made it."""
    data = entry.additional_data or {}
    if entry.actor is not None:
        return str(entry.actor.get_username())
    return str(data.get(WHO, "")) or way_of(entry)


def way_of(entry: LogEntry) -> str:
    """How the change came about: ``command import_config``, ``the environment`` …"""
    data = entry.additional_data or {}
    name = str(data.get(NAME, ""))
    match data.get(WAY):
        case Way.COMMAND:
            return f"command {name}"
        case Way.ENVIRONMENT:
            return "the environment"
        case Way.GATEWAY:
            return "the gateway"
        case Way.API:
            return "the API"
        case Way.PAGE:
            return f"page {name}"
        case _:
            return "unknown"


def _url_of(entry: LogEntry, model: type[Model] | None) -> str:
    if (
        model is None
        or entry.action == LogEntry.Action.DELETE
        or not admin.site.is_registered(model)
    ):
        return ""
    try:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        return reverse(name, args=[entry.object_pk])
    except NoReverseMatch:
        return ""


def _changes_of(entry: LogEntry, model: type[Model] | None) -> Iterator[Change]:
    for field, values in (entry.changes or {}).items():
        label = _label(model, field)
        if isinstance(values, dict):  # of many-to-many fields
            is_hidden = not _is_named(entry, model, field)
            names = HIDDEN if is_hidden else ", ".join(values["objects"])
            was_added = values["operation"] == "add"
            before, after = (NOTHING, names) if was_added else (names, NOTHING)
        else:
            before, after = map(_normal, values)
            if before == after and before != HIDDEN:
                continue
            before, after = _shortened(before, after)
        yield Change(field=label, before=before, after=after)


def _is_named(entry: LogEntry, model: type[Model] | None, field: str) -> bool:
    """Whether the viewer may know what a many-to-many field of ``model`` holds."""
    if model is Group and field == MEMBERS:
        return bool(getattr(entry, "names_members", False))
    if model is None:
        return False
    try:
        of_groups = model._meta.get_field(field).related_model is Group
    except FieldDoesNotExist:  # of a version before
        return False
    return not of_groups or bool(getattr(entry, "names_groups", False))


def _label(model: type[Model] | None, field: str) -> str:
    if model is None:
        return field
    try:
        return str(getattr(model._meta.get_field(field), "verbose_name", field))
    except FieldDoesNotExist:  # of a version before
        return field


def _normal(value: Any) -> str:
    text = str(value)
    return NOTHING if text in EMPTY else text


def _shortened(before: str, after: str) -> tuple[str, str]:
    """The values; of long ones, the part from a little before the first character that differs."""
    if max(len(before), len(after)) <= LONGEST_SHOWN:
        return before, after
    pairs = enumerate(zip(before, after, strict=False))
    shorter = min(len(before), len(after))
    differs = next((at for at, (one, other) in pairs if one != other), shorter)
    start = max(0, differs - SHARED_SHOWN)
    return _part(before, start), _part(after, start)


def _part(text: str, start: int) -> str:
    end = start + LONGEST_SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"
