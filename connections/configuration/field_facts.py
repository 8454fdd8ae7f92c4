"""What is known of one field of a connection's entry besides its name, type and default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from accounts.outgoing_proxies import NO_PROXY
from connections.configuration.entry import Reader, text, texts, whole_number
from connections.models.key_source import KeySource
from connections.rules.validators import normalise_base_url

KEY_FIELDS = frozenset({"key", "weight", "models"})
MOST_WEIGHT = 32767  # what every database takes for a small number


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
    form = (
        "must be a list of strings, each a key, env:NAME or file:PATH, or of mappings of key, "
        "weight and models; [] means none"
    )
    if not isinstance(value, list):
        raise ValueError(form)  # noqa: TRY004 - one error per reader
    try:
        return tuple(_key(each) for each in value)
    except ValueError as exc:
        raise ValueError(f"{form}. There is one {exc}") from exc


def _key(entry: Any) -> KeySource:
    """Raises ``ValueError`` with words that complete "a key …". They quote nothing of the entry."""
    if isinstance(entry, str):
        return KeySource.parse(entry.strip())
    if not isinstance(entry, Mapping) or not {"key"} <= entry.keys() <= KEY_FIELDS:
        raise ValueError("that is neither")
    if not isinstance(entry["key"], str):
        raise ValueError("whose `key` must be a string")  # noqa: TRY004
    try:
        weight = whole_number(entry.get("weight", 1))
        patterns = texts(entry.get("models", []))
    except ValueError as exc:
        raise ValueError("whose `weight` must be a whole number, and `models` a list") from exc
    if weight > MOST_WEIGHT or not all(each and each.isprintable() for each in patterns):
        raise ValueError(f"whose weight is over {MOST_WEIGHT}, or with a model of no name")
    source = KeySource.parse(entry["key"].strip())
    return replace(source, weight=weight, model_patterns=patterns)


def written_key(source: KeySource) -> str | dict[str, Any]:
    """The entry that reads back as ``source``. Holds the secret in the clear."""
    uses: dict[str, Any] = {} if source.weight == 1 else {"weight": source.weight}
    uses |= {"models": list(source.model_patterns)} if source.model_patterns else {}
    return {"key": source.notation} | uses if uses else source.notation


def proxy(value: Any) -> str:
    written = text(value).rstrip("/")
    return written.lower() if written.lower() == NO_PROXY else written


def verify_tls(value: Any) -> bool | str:
    return value if isinstance(value, bool) else verify_tls_of_column(text(value))


def verify_tls_of_column(written: str) -> bool | str:
    return {"true": True, "false": False}.get(written.lower(), written)


def verify_tls_as_column(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else value
