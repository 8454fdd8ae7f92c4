"""A connection as configuration files write it: one entry, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.core.exceptions import ValidationError

from connections.choices import ApiType, AuthType, ConnectionType, Provider
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
from connections.models import Connection
from connections.models.key_source import KeySource
from connections.rules.validators import normalise_base_url


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSpec:
    """One complete description of a connection. ``keys`` None leaves the stored keys alone.

    ``verify_tls`` is True, False, or the path of a CA file. ``timeout_seconds`` None means the
    gateway's default. ``headers`` are pairs sorted by name.
    """

    name: str
    provider: str = Provider.COMPATIBLE.value
    base_url: str
    keys: tuple[KeySource, ...] | None = None
    enabled: bool = True
    priority: int = 10
    auth_type: str = AuthType.BEARER.value
    api_version: str = ""
    api_type: str = ""
    model_ids: tuple[str, ...] = ()
    prefix_id: str = ""
    tags: tuple[str, ...] = ()
    connection_type: str = ConnectionType.EXTERNAL.value
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    verify_tls: bool | str = True
    timeout_seconds: int | None = None
    forward_cookies: bool = False
    auth_scope: str = ""
    shares_account_objects: bool = False

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
        return cls(
            name=row.name,
            base_url=row.base_url,
            provider=row.provider,
            keys=keys,
            enabled=row.is_enabled,
            priority=row.priority,
            auth_type=row.auth_type,
            api_version=row.api_version,
            api_type=row.api_type,
            model_ids=tuple(row.model_ids),
            prefix_id=row.prefix_id,
            tags=tuple(row.tags),
            connection_type=row.connection_type,
            headers=text_pairs(row.headers),
            verify_tls={"true": True, "false": False}.get(row.verify_tls, row.verify_tls),
            timeout_seconds=row.timeout_seconds,
            forward_cookies=row.forward_cookies,
            auth_scope=row.auth_scope,
            shares_account_objects=row.shares_account_objects,
        )

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
        return {
            "name": self.name,
            "base_url": self.base_url,
            "provider": self.provider,
            "is_enabled": self.enabled,
            "priority": self.priority,
            "auth_type": self.auth_type,
            "api_version": self.api_version,
            "api_type": self.api_type,
            "model_ids": list(self.model_ids),
            "prefix_id": self.prefix_id,
            "tags": list(self.tags),
            "connection_type": self.connection_type,
            "headers": dict(self.headers),
            "verify_tls": str(self.verify_tls).lower()
            if isinstance(self.verify_tls, bool)
            else self.verify_tls,
            "timeout_seconds": self.timeout_seconds,
            "forward_cookies": self.forward_cookies,
            "auth_scope": self.auth_scope,
            "shares_account_objects": self.shares_account_objects,
        }

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
            name = "enabled" if column == "is_enabled" else column
            raise EntryError(subject, name, f"is not valid. {' '.join(messages)}") from exc


def _base_url(value: Any) -> str:
    return normalise_base_url(text(value))


def _keys(value: Any) -> tuple[KeySource, ...]:
    try:
        return tuple(KeySource.parse(key) for key in texts(value))
    except ValueError as exc:
        raise ValueError("must be a list of texts, each a key or env:NAME; [] means none") from exc


def _verify_tls(value: Any) -> bool | str:
    if isinstance(value, bool):
        return value
    written = text(value)
    return {"true": True, "false": False}.get(written.lower(), written)


READERS: dict[str, Reader] = {
    "name": text,
    "base_url": _base_url,
    "provider": one_of(Provider.values),
    "keys": _keys,
    "enabled": switch,
    "priority": whole_number,
    "auth_type": one_of(AuthType.values),
    "api_version": text,
    "api_type": one_of(["", *ApiType.values]),
    "model_ids": texts,
    "prefix_id": text,
    "tags": texts,
    "connection_type": one_of(ConnectionType.values),
    "headers": text_pairs,
    "verify_tls": _verify_tls,
    "timeout_seconds": whole_number,
    "forward_cookies": switch,
    "auth_scope": text,
    "shares_account_objects": switch,
}
ALWAYS_WRITTEN = frozenset({"name", "base_url", "provider"})


def _plain(name: str, value: Any) -> Any:
    match name:
        case "keys":
            return [source.notation for source in value]
        case "headers":
            return dict(value)
        case _:
            return list(value) if isinstance(value, tuple) else value
