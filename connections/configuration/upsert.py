"""Bringing the database to what a :class:`ConnectionSpec` says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from connections.configuration.difference import Difference, Kind
from connections.configuration.entry import EntryError
from connections.configuration.spec import COLUMNS, FACTS, ConnectionSpec
from connections.configuration.stored_headers import HiddenValueError, revealed_in_entry
from connections.configuration.stored_proxy import revealed_proxy
from connections.models import Connection
from connections.models.key_source import KeySource
from connections.rules.destination import is_same_destination


@transaction.atomic
def upsert(spec: ConnectionSpec, *, is_from_environment: bool = False) -> Difference:
    """Add the connection ``spec.name``, or change the one that is there where it differs.

    A connection that came from the environment keeps that mark only while nothing else changes it.
    Raises :class:`connections.configuration.entry.EntryError` when the database would refuse it.
    """
    row = Connection.objects.filter(name=spec.name).prefetch_related("keys").first()
    spec = _with_stored_values(spec, row)
    if row is None:
        row = Connection(name=spec.name)
        _save(row, spec, is_from_environment=is_from_environment)
        return Difference(
            subject=_subject(spec),
            kind=Kind.ADDED,
            details=(spec.base_url, f"keys {_masked(spec.keys)}"),
        )
    details = tuple(_details(row, spec))
    if not details:
        return Difference(subject=_subject(spec), kind=Kind.UNCHANGED)
    if row.is_from_environment and not is_from_environment:
        details += ("no longer kept by the environment",)
    _save(row, spec, is_from_environment=is_from_environment)
    return Difference(subject=_subject(spec), kind=Kind.CHANGED, details=details)


def _with_stored_values(spec: ConnectionSpec, row: Connection | None) -> ConnectionSpec:
    """``spec`` with the values that it only has masks of, as far as these are stored for it."""
    stored, stored_for = (row.headers, row.base_url) if row else ({}, "")
    headers = revealed_in_entry(
        _subject(spec),
        dict(spec.headers),
        stored,
        stored_for=stored_for,
        base_url=spec.base_url,
    )
    try:
        proxy = revealed_proxy(spec.proxy, row)
    except HiddenValueError as exc:
        raise EntryError(_subject(spec), "proxy", str(exc)) from exc
    return replace(spec, headers=tuple(headers.items()), proxy=proxy)


def _save(row: Connection, spec: ConnectionSpec, *, is_from_environment: bool) -> None:
    for column, value in spec.columns().items():
        setattr(row, column, value)
    row.is_from_environment = is_from_environment
    try:
        row.full_clean(exclude={"url_index"})
    except ValidationError as exc:
        raise EntryError(_subject(spec), "", " ".join(exc.messages)) from exc
    row.save()
    if spec.keys is not None:
        row.replace_keys(spec.keys)


def _details(row: Connection, spec: ConnectionSpec) -> Iterator[str]:
    """What of ``row`` reads otherwise in ``spec``, in words without secrets."""
    before, after = ConnectionSpec.of(row).columns(), spec.columns()
    for name, column in COLUMNS.items():
        if after[column] != before[column]:
            yield _change(name, before[column], after[column])
    stored = tuple(key.readable_source() for key in row.keys.all())
    if spec.keys is not None and spec.keys != stored:
        yield f"keys {_masked(stored)} → {_masked(spec.keys)}"
    elif spec.keys is None and stored and not is_same_destination(row.base_url, spec.base_url):
        yield "its keys are dropped, as the base URL changed and none are given"


def _change(field: str, before: Any, after: Any) -> str:
    if masked := FACTS[field].masked:
        return f"{field} {masked(before) or 'none set'} → {masked(after) or 'none set'}"
    if FACTS[field].is_secret:
        names = ", ".join(after) or "none"
        return f"{field} now {names} (values not shown)"
    return f"{field} {_words(before)} → {_words(after)}"


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    return str(value) if value not in {None, ""} else "none"


def _masked(keys: tuple[KeySource | None, ...] | None) -> str:
    shown = [key.told if key else "unreadable" for key in keys or ()]
    return ", ".join(shown) or "none"


def _subject(spec: ConnectionSpec) -> str:
    return f"connection {spec.name}"
