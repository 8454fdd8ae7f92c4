"""Open WebUI's environment, read unchanged: which connections it describes.

``OPENAI_API_BASE_URLS`` and ``OPENAI_API_KEYS`` are lists read side by side. As in Open WebUI,
missing keys are empty, surplus keys are dropped, an empty URL means OpenAI's, and the singular
forms stand in for an empty list. ``OPENAI_API_CONFIGS`` holds more about each, by its place in
the list ("0") or, as older versions wrote it, by its URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings

from connections.configuration import open_webui
from connections.configuration.entry import EntryError
from connections.configuration.spec import ConnectionSpec
from connections.models.key_source import KeySource
from connections.rules.mending import bare_key, key_problem

OPENAI_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentConnections:
    """``specs`` in the order of the URLs; ``warnings`` are sentences without secrets.

    ``left_out`` are the names of those that are described in a way that cannot be used.
    """

    specs: tuple[ConnectionSpec, ...] = ()
    left_out: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    index: int
    base_url: str
    key: str = field(repr=False)
    config: Any


def environment_connections() -> EnvironmentConnections:
    """What the running settings took from the environment.

    An entry that cannot be used is left out and has its warning; the others are not held up.
    """
    warnings: list[str] = []
    urls, keys = _urls_and_keys(warnings)
    entries = [
        _Entry(index=index, base_url=url, key=key, config=_config(index, url))
        for index, (url, key) in enumerate(zip(urls, keys, strict=True))
    ]
    warnings += _unused_configs(urls)
    specs: list[ConnectionSpec] = []
    left_out: set[str] = set()
    slugs = [open_webui.slug_of(entry.base_url, entry.config) for entry in entries]
    for name, entry in zip(open_webui.told_apart(slugs), entries, strict=True):
        try:
            specs.append(_spec(name, entry, warnings))
        except EntryError as exc:
            left_out.add(name)
            warnings.append(f"Entry {entry.index} of OPENAI_API_BASE_URLS is left out. {exc}.")
    return EnvironmentConnections(
        specs=tuple(specs), left_out=frozenset(left_out), warnings=tuple(warnings)
    )


def _urls_and_keys(warnings: list[str]) -> tuple[list[str], list[str]]:
    """Both lists, of the same length."""
    urls = settings.OPENAI_API_BASE_URLS or _split(settings.OPENAI_API_BASE_URL)
    keys = settings.OPENAI_API_KEYS or _split(settings.OPENAI_API_KEY)
    if not urls and not any(keys):
        return [], []
    urls = [url.rstrip("/") or OPENAI_URL for url in urls or [OPENAI_URL]]
    surplus = len(keys) - len(urls)
    if keys and surplus < 0:
        warnings.append(
            f"OPENAI_API_KEYS has fewer items ({len(keys)}) than there are base URLs "
            f"({len(urls)}): the last have no key. Write an empty item where none is needed."
        )
    if surplus > 0:
        warnings.append(
            f"OPENAI_API_KEYS has {len(keys)} keys for {len(urls)} base URLs: "
            f"the last {surplus} are not used."
        )
    return urls, keys[: len(urls)] + [""] * -surplus


def _split(value: str) -> list[str]:
    return [bare_key(item) for item in value.split(";")] if value else []


def _config(index: int, url: str) -> Any:
    configs = settings.OPENAI_API_CONFIGS
    for key in (str(index), url, f"{url}/"):
        if key in configs:
            return configs[key]
    return {}


def _unused_configs(urls: list[str]) -> Iterator[str]:
    known = {str(index) for index in range(len(urls))} | set(urls)
    for key in settings.OPENAI_API_CONFIGS:
        if key.rstrip("/") not in known:
            yield f"OPENAI_API_CONFIGS has an entry {key!r} that belongs to no base URL."


def _spec(name: str, entry: _Entry, warnings: list[str]) -> ConnectionSpec:
    if not isinstance(entry.config, dict):
        raise EntryError(f"OPENAI_API_CONFIGS entry {entry.index}", "", "must be a JSON object")
    warnings += [
        f"OPENAI_API_CONFIGS entry {entry.index}: the field {unknown!r} is not known here "
        "and not used."
        for unknown in open_webui.unknown_fields(entry.config)
    ]
    if re.search(r"[,\s]+https?://", entry.base_url):
        raise EntryError(
            f"Item {entry.index + 1} of OPENAI_API_BASE_URLS",
            "",
            "holds several URLs. Put semicolons between the items",
        )
    keys = _keys(entry)
    fields = open_webui.spec_fields(entry.config) | {
        "name": name,
        "provider": open_webui.provider_of(entry.base_url, entry.config).value,
        "base_url": entry.base_url,
    }
    try:
        spec = ConnectionSpec.from_dict(fields)
    except EntryError as exc:
        theirs = open_webui.THEIR_NAMES.get(exc.field, exc.field)
        raise EntryError(exc.subject, theirs, exc.problem) from exc
    return replace(spec, keys=keys)


def _keys(entry: _Entry) -> tuple[KeySource, ...]:
    """The key of ``entry``, which may be a reference. Raises ``EntryError``."""
    if not entry.key:
        return ()
    subject = f"Item {entry.index + 1} of OPENAI_API_KEYS"
    try:
        source = KeySource.parse(entry.key)
    except ValueError as exc:
        raise EntryError(subject, "", f"is a key {exc}") from exc
    if source.secret and (problem := key_problem(source.secret)):
        raise EntryError(subject, "", problem)
    return (source,)
