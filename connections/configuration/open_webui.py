"""How Open WebUI writes a connection, and what that means here.

Its connections have no names and no providers: a URL, a key, and an object of further fields. This
is the one place where a URL decides on a provider; afterwards the row says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from connections.choices import ApiType, Provider
from connections.configuration.spec import COLUMNS, FACTS, ConnectionSpec
from connections.configuration.stored_headers import hidden

PROVIDER_HOSTS = {
    "api.openai.com": Provider.OPENAI,
    "openrouter.ai": Provider.OPENROUTER,
    "api.anthropic.com": Provider.ANTHROPIC,
}
AZURE_DOMAINS = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
LONGEST_SLUG = 80
# Open WebUI's names of the fields, and ours.
FIELDS = {known.open_webui: name for name, known in FACTS.items() if known.open_webui}
THEIR_NAMES = {ours: theirs for theirs, ours in FIELDS.items()}
DECIDING = frozenset({"azure", "provider"})  # fields that decide on the provider


def provider_of(url: str, config: Any) -> Provider:
    """What the config says, by ``provider`` or by ``azure``; else what the host says.

    ``provider`` is a word of our own: Open WebUI cannot tell an Ollama or a pipelines server.
    """
    host, _ = _address(url)
    said = config if isinstance(config, dict) else {}
    is_azure, provider = said.get("azure"), said.get("provider")
    if is_azure:
        return Provider.AZURE
    if provider in Provider.values and provider != Provider.AZURE:
        return Provider(provider)
    if is_azure is None and (provider == Provider.AZURE or host.endswith(AZURE_DOMAINS)):
        return Provider.AZURE
    return PROVIDER_HOSTS.get(host, Provider.COMPATIBLE)


def slug_of(url: str, config: Any) -> str:
    """A name for the connection to ``url``, such as ``openai`` or ``localhost-11434``."""
    provider = provider_of(url, config)
    if provider in PROVIDER_HOSTS.values():
        return provider.value
    host, port = _address(url)
    words = re.findall(r"[a-z0-9]+", f"{host} {port or ''}")
    return "-".join(words)[:LONGEST_SLUG].strip("-") or "connection"


def told_apart(slugs: Iterable[str], taken: Iterable[str] = ()) -> Iterator[str]:
    """The same slugs, told apart by numbers, also from those that are ``taken``."""
    given = set(taken)
    for slug in slugs:
        candidates = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
        name = next(candidate for candidate in candidates if candidate not in given)
        given.add(name)
        yield name


def spec_fields(config: dict[str, Any]) -> dict[str, Any]:
    """The fields of a :class:`ConnectionSpec` that ``config`` gives. Unknown ones are left out."""
    return {
        FIELDS[name]: _translated(name, value) for name, value in config.items() if name in FIELDS
    }


def unknown_fields(config: dict[str, Any]) -> list[str]:
    """The fields of ``config`` that mean nothing here."""
    return [name for name in config if name not in FIELDS and name not in DECIDING]


def config_of(spec: ConnectionSpec) -> dict[str, Any]:
    """``spec`` as Open WebUI writes it, without the values of headers, which may be secret."""
    stored = spec.columns()
    values = {
        theirs: hidden(stored[COLUMNS[ours]]) if FACTS[ours].is_secret else stored[COLUMNS[ours]]
        for theirs, ours in FIELDS.items()
    }
    return values | {"azure": spec.provider == Provider.AZURE, "provider": spec.provider}


def _translated(theirs: str, value: Any) -> Any:
    """Open WebUI's newer spellings in terms of the documented ones."""
    if theirs == "tags" and isinstance(value, list):
        return [tag.get("name") if isinstance(tag, dict) else tag for tag in value]
    if theirs == "connection_type" and value == "local":
        return "internal"
    if theirs in {"connection_type", "auth_type"} and not value:
        return None
    if theirs == "api_type" and value != ApiType.RESPONSES:
        return ""  # "chat_completions" by another name
    return value


def _address(url: str) -> tuple[str, int | None]:
    """Host and port of ``url``; an empty host when it is none, which validation will say."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", None
    return host, port
