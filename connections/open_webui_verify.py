"""What ``POST /openai/verify`` asks to have verified."""

from __future__ import annotations

from typing import Any

from connections.entry import EntryError, read_fields, text
from connections.key_source import KeySource
from connections.models import Connection
from connections.open_webui import HIDDEN, provider_of, spec_fields
from connections.open_webui_config import masked_keys
from connections.resolve import resolve
from connections.spec import ConnectionSpec
from connections.upstream import Upstream, UpstreamKey


def upstream_to_verify(form: dict[str, Any]) -> Upstream:
    """The upstream that ``{"url", "key", "config"}`` describes. Blocks on the database.

    A mask in place of the key stands for the stored one, and only for the very URL it is stored
    with. Raises :class:`connections.entry.EntryError`.
    """
    fields = read_fields("the form", form, READERS, required=("url",))
    config = fields.get("config", {})
    spec = ConnectionSpec.from_dict(
        spec_fields(config)
        | {
            "name": "unsaved",
            "base_url": fields["url"],
            "provider": provider_of(fields["url"], config).value,
        },
        subject="the form",
    )
    unsaved = Connection(id=0, url_index=0, **spec.columns())
    return resolve(unsaved, keys=_keys(spec.base_url, fields.get("key", "")))


def _keys(base_url: str, key: str) -> tuple[UpstreamKey, ...]:
    if not key:
        return ()
    if HIDDEN in key or key.startswith("env:"):
        return _stored_keys(base_url, key)
    return (UpstreamKey(id="given", secret=key, hint=KeySource(secret=key).masked),)


def _stored_keys(base_url: str, mask: str) -> tuple[UpstreamKey, ...]:
    rows = Connection.objects.filter(base_url=base_url).prefetch_related("keys")
    for row in rows:
        if masked_keys(row) == mask:
            return resolve(row).keys
    raise EntryError("the form", "key", "is a mask that belongs to no connection with this URL")


def _config(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be an object")  # noqa: TRY004 - one error per reader
    return value


READERS = {"url": text, "key": text, "config": _config}
