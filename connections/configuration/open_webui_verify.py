"""What ``POST /openai/verify`` asks to have verified."""

from __future__ import annotations

from typing import Any

from connections.calling.resolve import resolve
from connections.configuration.callers_own import NOT_HERE, passes_on_callers_own
from connections.configuration.entry import EntryError, read_fields, text
from connections.configuration.open_webui import provider_of, spec_fields
from connections.configuration.open_webui_config import is_mask, masked_keys
from connections.configuration.spec import ConnectionSpec
from connections.configuration.stored_headers import (
    HIDDEN,
    revealed_in_entry,
)
from connections.models import Connection
from connections.models.key_source import KeySource
from connections.rules.destination import is_same_destination
from connections.rules.validators import normalise_base_url
from connections.upstream import Upstream, UpstreamKey


def upstream_to_verify(form: dict[str, Any]) -> Upstream:
    """The upstream that ``{"url", "key", "config"}`` describes. Blocks on the database.

    A mask in place of the key or of a header's value stands for the stored one, and only for the
    very URL it is stored with. The caller's own credential goes where a stored connection sends it
    anyway. Raises :class:`connections.configuration.entry.EntryError`.
    """
    fields = read_fields("the form", form, READERS, required=("url",))
    config, key = fields.get("config", {}), fields.get("key", "")
    base_url = normalise_base_url(fields["url"])
    rows = _rows_for(base_url)
    if is_mask(key):
        rows = _rows_with_keys(rows, key)
    described = spec_fields(config)
    if isinstance(described.get("headers"), dict):
        described["headers"] = _headers(described["headers"], rows, base_url)
    spec = ConnectionSpec.from_dict(
        described
        | {
            "name": "unsaved",
            "base_url": base_url,
            "provider": provider_of(base_url, config).value,
        },
        subject="the form",
    )
    _refuse_callers_own(spec, rows)
    unsaved = Connection(id=0, url_index=0, **spec.columns())
    if rows:  # reached as the stored connection is
        unsaved.proxy_url = rows[0].proxy_url
    return resolve(unsaved, keys=resolve(rows[0]).keys if is_mask(key) else _given(key))


def _rows_for(base_url: str) -> list[Connection]:
    """The connections that lead to ``base_url``, the enabled ones first."""
    rows = Connection.objects.order_by("-is_enabled", "url_index").prefetch_related("keys")
    return [row for row in rows if is_same_destination(row.base_url, base_url)]


def _rows_with_keys(rows: list[Connection], mask: str) -> list[Connection]:
    found = [row for row in rows if masked_keys(row) == mask]
    if not found:
        raise EntryError("the form", "key", "is a mask that belongs to no connection with this URL")
    return found


def _headers(headers: dict[str, Any], rows: list[Connection], base_url: str) -> dict[str, Any]:
    """``headers`` with the values of the first row in place of what stands for them."""
    masked = {name.lower() for name, value in headers.items() if value == HIDDEN}
    found = (row.headers for row in rows if masked <= {name.lower() for name in row.headers})
    stored: dict[str, str] = next(found, {})
    return revealed_in_entry("the form", headers, stored, stored_for=base_url, base_url=base_url)


def _refuse_callers_own(spec: ConnectionSpec, rows: list[Connection]) -> None:
    """The caller's own credential is no more the form's to give away than it is the document's."""
    if passes_on_callers_own(spec) and not any(
        row.is_enabled and row.auth_type == spec.auth_type for row in rows
    ):
        raise EntryError("the form", "auth_type", NOT_HERE)


def _given(key: str) -> tuple[UpstreamKey, ...]:
    if not key:
        return ()
    return (UpstreamKey(id="given", secret=key, hint=KeySource(secret=key).masked),)


def _config(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be an object")  # noqa: TRY004 - one error per reader
    return value


READERS = {"url": text, "key": text, "config": _config}
