"""A connection as configuration files write it: one entry, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.core.exceptions import ValidationError

from accounts.outgoing_proxies import masked_proxy
from connections.choices import ApiType, AuthType, ConnectionType, Provider
from connections.configuration import field_facts
from connections.configuration.entry import (
    EntryError,
    Reader,
    one_of,
    read_fields,
    switch,
    text,
    text_pairs,
    texts,
    whole_number,
)
from connections.configuration.field_facts import FieldFacts, facts
from connections.models import Connection
from connections.models.key_source import KeySource


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSpec:
    """One complete description of a connection. ``keys`` None leaves the stored keys alone.

    ``verify_tls`` is True, False, or the path of a CA file. ``timeout_seconds`` None means the
    gateway's default. ``headers`` are pairs sorted by name.

    A field is declared here alone. Its facts say how files, the database and Open WebUI have it.
    """

    name: str = field(metadata=facts(text))
    provider: str = field(
        default=Provider.COMPATIBLE.value, metadata=facts(one_of(Provider.values))
    )
    base_url: str = field(metadata=facts(field_facts.base_url))
    keys: tuple[KeySource, ...] | None = field(default=None, metadata=facts(field_facts.keys))
    enabled: bool = field(
        default=True, metadata=facts(switch, column="is_enabled", open_webui="enable")
    )
    priority: int = field(default=10, metadata=facts(whole_number))
    auth_type: str = field(
        default=AuthType.BEARER.value,
        metadata=facts(one_of(AuthType.values), open_webui="auth_type"),
    )
    api_version: str = field(default="", metadata=facts(text, open_webui="api_version"))
    api_type: str = field(
        default="", metadata=facts(one_of(["", *ApiType.values]), open_webui="api_type")
    )
    model_ids: tuple[str, ...] = field(
        default=(), metadata=facts(texts, load=tuple, store=list, open_webui="model_ids")
    )
    prefix_id: str = field(default="", metadata=facts(text, open_webui="prefix_id"))
    tags: tuple[str, ...] = field(
        default=(), metadata=facts(texts, load=tuple, store=list, open_webui="tags")
    )
    connection_type: str = field(
        default=ConnectionType.EXTERNAL.value,
        metadata=facts(one_of(ConnectionType.values), open_webui="connection_type"),
    )
    headers: tuple[tuple[str, str], ...] = field(
        default=(),
        repr=False,
        metadata=facts(
            text_pairs, load=text_pairs, store=dict, open_webui="headers", is_secret=True
        ),
    )
    verify_tls: bool | str = field(
        default=True,
        metadata=facts(
            field_facts.verify_tls,
            load=field_facts.verify_tls_of_column,
            store=field_facts.verify_tls_as_column,
        ),
    )
    timeout_seconds: int | None = field(default=None, metadata=facts(whole_number))
    forward_cookies: bool = field(default=False, metadata=facts(switch))
    auth_scope: str = field(default="", metadata=facts(text))
    shares_account_objects: bool = field(
        default=False, metadata=facts(switch, open_webui="shares_account_objects")
    )
    costs_nothing: bool = field(default=False, metadata=facts(switch))
    proxy: str = field(
        default="",
        repr=False,
        metadata=facts(field_facts.proxy, column="proxy_url", is_secret=True, masked=masked_proxy),
    )

    @classmethod
    def from_dict(cls, entry: Any, *, subject: str = "") -> ConnectionSpec:
        """Read and validate one entry. Raises :class:`connections.configuration.entry.EntryError`.

        ``subject`` names the entry in errors where its name cannot.
        """
        name = entry.get("name") if isinstance(entry, Mapping) else None
        subject = f"connection {name}" if isinstance(name, str) else subject or "connection"
        spec = cls.read(entry, subject=subject)
        spec.validate(subject)
        return spec

    @classmethod
    def read(cls, entry: Any, *, subject: str) -> ConnectionSpec:
        """One entry whose fields have the right types. Raises ``EntryError``."""
        return cls(**read_fields(subject, entry, READERS, required=("name", "base_url")))

    @classmethod
    def of(cls, row: Connection, *, keys: tuple[KeySource, ...] | None = None) -> ConnectionSpec:
        """``row`` as a value. Its keys are not read, only taken as given."""
        values = {name: FACTS[name].load(getattr(row, column)) for name, column in COLUMNS.items()}
        return cls(keys=keys, **values)

    def to_dict(self) -> dict[str, Any]:
        """The entry that reads back as this spec, without what is as by default."""
        given = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name in ALWAYS_WRITTEN or getattr(self, each.name) != each.default
        }
        return {name: _plain(name, value) for name, value in given.items()}

    def columns(self) -> dict[str, Any]:
        """The values of the fields of :class:`connections.models.Connection`."""
        return {column: FACTS[name].store(getattr(self, name)) for name, column in COLUMNS.items()}

    def validate(self, subject: str) -> None:
        """Have the model's own validators look, so that there is one set of rules.

        Raises :class:`connections.configuration.entry.EntryError`.
        """
        try:
            row = Connection(**self.columns())
            row.clean_fields(exclude={"url_index"})
            row.clean()
        except ValidationError as exc:
            column, messages = next(iter(exc.message_dict.items()))
            named = (name for name, known in COLUMNS.items() if column in {name, known})
            name = next(named, column)
            raise EntryError(subject, name, f"is not valid. {' '.join(messages)}") from exc


FACTS: dict[str, FieldFacts] = {
    each.name: each.metadata["facts"] for each in fields(ConnectionSpec)
}
READERS: dict[str, Reader] = {name: known.read for name, known in FACTS.items()}
# The model's names. Keys are rows of their own.
COLUMNS = {name: known.column or name for name, known in FACTS.items() if name != "keys"}
ALWAYS_WRITTEN = frozenset({"name", "base_url", "provider"})


def _plain(name: str, value: Any) -> Any:
    match name:
        case "keys":
            return [field_facts.written_key(source) for source in value]
        case "headers":
            return dict(value)
        case _:
            return list(value) if isinstance(value, tuple) else value
