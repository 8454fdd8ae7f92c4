"""What is known of one field of a connection's entry besides its name, type and default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.outgoing_proxies import NO_PROXY
from connections.configuration.entry import Reader, text, texts
from connections.models.key_source import KeySource
from connections.rules.validators import normalise_base_url


def unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFacts:
    """``read`` takes the value that a file gave, and raises ``ValueError`` for one of no use.

    ``column`` is the field's name in the model where that differs. ``load`` leads from the
    column's value to the entry's, and ``store`` back. ``open_webui`` is the name in Open WebUI's
    object of further fields, empty where that has no such field. The values of a field that
    ``is_secret`` may be credentials, and are not shown; ``masked`` is what of them may be.
    """

    read: Reader
    column: str = ""
    load: Callable[[Any], Any] = unchanged
    store: Callable[[Any], Any] = unchanged
    open_webui: str = ""
    is_secret: bool = False
    masked: Callable[[Any], str] | None = None


def facts(read: Reader, **others: Any) -> Mapping[str, FieldFacts]:
    """:class:`FieldFacts` as the metadata of a dataclass's field."""
    return {"facts": FieldFacts(read=read, **others)}


def base_url(value: Any) -> str:
    return normalise_base_url(text(value))


def keys(value: Any) -> tuple[KeySource, ...]:
    try:
        return tuple(KeySource.parse(key) for key in texts(value))
    except ValueError as exc:
        raise ValueError(
            "must be a list of strings, each a key, env:NAME or file:PATH; [] means none. There is "
            f"one that {exc}"
        ) from exc


def proxy(value: Any) -> str:
    written = text(value).rstrip("/")
    return written.lower() if written.lower() == NO_PROXY else written


def verify_tls(value: Any) -> bool | str:
    return value if isinstance(value, bool) else verify_tls_of_column(text(value))


def verify_tls_of_column(written: str) -> bool | str:
    return {"true": True, "false": False}.get(written.lower(), written)


def verify_tls_as_column(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else value
