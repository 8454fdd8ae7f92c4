"""Open WebUI's configuration document, read from the database and written back to it.

A connection's place in its lists is its ``url_index``, which never changes; a place whose
connection was removed is empty. Keys and header values are never shown. What stands for them may be
sent back, and leaves the stored ones as they are, unless the base URL leads elsewhere. A connection
that passes on its callers' own credentials can be turned off and removed here, and not changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from accounts import changes
from connections.configuration.callers_own import problem_of_change
from connections.configuration.entry import EntryError, read_fields, switch, text
from connections.configuration.open_webui import (
    DECIDING,
    config_of,
    provider_of,
    slug_of,
    spec_fields,
    told_apart,
)
from connections.configuration.options import effective_options
from connections.configuration.spec import ConnectionSpec
from connections.configuration.stored_headers import (
    HIDDEN,
    hidden,
    revealed_in_entry,
)
from connections.configuration.upsert import upsert
from connections.models import Connection, GatewaySettings
from connections.models.key_source import REFERENCE_PREFIXES, KeySource
from connections.rules.destination import is_same_destination
from connections.rules.validators import normalise_base_url


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One place of the lists that were sent."""

    index: int
    base_url: str
    key: str = field(repr=False)
    config: dict[str, Any] | None


def current_document() -> dict[str, Any]:
    """The four fields of ``GET /openai/config``."""
    rows = {row.url_index: row for row in Connection.objects.prefetch_related("keys")}
    places = range(max(rows) + 1 if rows else 0)
    return {
        "ENABLE_OPENAI_API": effective_options().enable_openai_api,
        "OPENAI_API_BASE_URLS": [rows[i].base_url if i in rows else "" for i in places],
        "OPENAI_API_KEYS": [masked_keys(rows[i]) if i in rows else "" for i in places],
        "OPENAI_API_CONFIGS": {
            str(index): config_of(ConnectionSpec.of(row)) for index, row in sorted(rows.items())
        },
    }


def masked_keys(row: Connection) -> str:
    """What stands for the keys of ``row``; empty when it has none."""
    return ", ".join(key.masked for key in row.keys.all())


def is_mask(key: str) -> bool:
    """Whether ``key`` is what stands for stored keys, and no key itself."""
    return HIDDEN in key or key.startswith(REFERENCE_PREFIXES)


@transaction.atomic
def update(document: dict[str, Any]) -> None:
    """Bring the connections to what ``document`` says; what it no longer lists is removed.

    Raises :class:`connections.configuration.entry.EntryError`, and nothing is changed then.
    """
    changes.lock_configuration()
    fields = read_fields("the configuration", document, READERS)
    if "OPENAI_API_BASE_URLS" in fields:
        entries = _entries(fields)
        rows = list(Connection.objects.order_by("url_index").prefetch_related("keys"))
        matches = _matched(entries, rows)
        _remove([row for row in rows if row not in matches.values()])
        for entry in entries:
            _apply(entry, matches.get(entry.index))
    if "ENABLE_OPENAI_API" in fields:
        stored = GatewaySettings.load()
        stored.enable_openai_api = fields["ENABLE_OPENAI_API"]
        stored.save()


def _entries(fields: dict[str, Any]) -> list[_Entry]:
    keys = fields.get("OPENAI_API_KEYS", [])
    configs = fields.get("OPENAI_API_CONFIGS", {})
    return [
        _Entry(
            index=index,
            base_url=normalise_base_url(url),
            key=keys[index] if index < len(keys) else "",
            config=configs.get(str(index), configs.get(url)),
        )
        for index, url in enumerate(fields["OPENAI_API_BASE_URLS"])
        if url
    ]


def _matched(entries: list[_Entry], rows: list[Connection]) -> dict[int, Connection]:
    """Which row each entry speaks of. URLs decide: clients close the gap of one they remove."""
    by_index = {row.url_index: row for row in rows}
    matches: dict[int, Connection] = {}
    free = list(rows)
    for is_same in (_same_place, _same_url):
        for entry in entries:
            row = next((row for row in free if is_same(entry, row)), None)
            if entry.index not in matches and row is not None:
                matches[entry.index] = row
                free.remove(row)
    for entry in entries:  # the rest: a known place with a new URL, or a new entry
        row = by_index.get(entry.index)
        if entry.index not in matches and row in free:
            matches[entry.index] = row
            free.remove(row)
    return matches


def _same_place(entry: _Entry, row: Connection) -> bool:
    return row.url_index == entry.index and row.base_url == entry.base_url


def _same_url(entry: _Entry, row: Connection) -> bool:
    return row.base_url == entry.base_url


def _remove(rows: list[Connection]) -> None:
    for row in rows:
        _refuse_if_from_environment(row)
        row.delete()


def _apply(entry: _Entry, row: Connection | None) -> None:
    subject = f"the connection at {entry.index}"
    before = None if row is None else ConnectionSpec.of(row)
    fields = _fields(entry, before)
    fields["headers"] = _headers(fields.get("headers"), row, entry.base_url, subject)
    spec = replace(ConnectionSpec.read(fields, subject=subject), keys=_keys(entry, row, subject))
    if spec == before:
        return  # not checked again: an older row must not block an update of others
    if row is not None:
        _refuse_if_from_environment(row)
    if problem := problem_of_change(before, spec):
        raise EntryError(subject, *problem)
    spec.validate(subject)
    upsert(spec)


def _fields(entry: _Entry, before: ConnectionSpec | None) -> dict[str, Any]:
    """The fields of the connection that ``entry`` describes, with masks where there are any."""
    config = entry.config or {}
    if before is None:
        taken = Connection.objects.values_list("name", flat=True)
        name = next(told_apart([slug_of(entry.base_url, entry.config)], taken))
        fields: dict[str, Any] = {"name": name}
    else:
        fields = before.to_dict() | {"headers": hidden(dict(before.headers))}
    fields["base_url"] = entry.base_url
    if before is None or not DECIDING.isdisjoint(config):
        fields["provider"] = provider_of(entry.base_url, config).value
    return fields | spec_fields(config)


def _headers(headers: Any, row: Connection | None, base_url: str, subject: str) -> dict[str, Any]:
    """``headers`` with the stored values in place of what stands for them."""
    if not isinstance(headers, dict):
        return {}
    stored, stored_for = (row.headers, row.base_url) if row else ({}, "")
    return revealed_in_entry(subject, headers, stored, stored_for=stored_for, base_url=base_url)


def _keys(entry: _Entry, row: Connection | None, subject: str) -> tuple[KeySource, ...] | None:
    """The keys that were sent; None when the stored ones are meant."""
    shown = masked_keys(row) if row else ""
    if entry.key == shown:
        if shown and row is not None and not is_same_destination(row.base_url, entry.base_url):
            raise EntryError(subject, "", "has a new URL: give its key again, too")
        return None
    if is_mask(entry.key):
        raise EntryError(subject, "", "has a masked key that is not the stored one")
    return (KeySource(secret=entry.key),) if entry.key else ()


def _refuse_if_from_environment(row: Connection) -> None:
    if row.is_from_environment:
        raise EntryError(
            f"the connection {row.name}", "", "is set by the environment and is changed there"
        )


def _positional_texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("must be a list of strings")  # noqa: TRY004 - one error per reader
    return [text(item) for item in value]


def _configs(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise ValueError("must be an object of objects")
    return value


READERS = {
    "ENABLE_OPENAI_API": switch,
    "OPENAI_API_BASE_URLS": _positional_texts,
    "OPENAI_API_KEYS": _positional_texts,
    "OPENAI_API_CONFIGS": _configs,
}
