"""What may stand in a configuration file, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from connections.configuration.entry import (
    EntryError,
    Reader,
    number,
    read_fields,
    switch,
    text,
    texts,
)
from connections.configuration.spec import ConnectionSpec
from gateway_project.config_file.source import ConfigFileError, Source, read_source
from limits.choices import SubjectKind
from limits.configuration.spec import LimitSpec
from models_registry.spec import RegisteredModelSpec
from resilience.configuration.policies import PolicySpec
from resilience.configuration.routes import RouteSpec

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSpec:
    """Every one of ``models`` (ids or patterns) for every one of the others."""

    models: tuple[str, ...]
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    everyone: bool = False

    @classmethod
    def from_dict(cls, entry: Any) -> GrantSpec:
        """Raises :class:`connections.configuration.entry.EntryError`."""
        spec = cls(**read_fields("grant", entry, GRANT_READERS, required=("models",)))
        if not spec.models:
            raise EntryError("grant", "models", "names no model")
        if not (spec.groups or spec.users or spec.everyone):
            raise EntryError("grant", "", "names no group, no user and not everyone")
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec:
    """``users`` are members; a member that is not named stays one."""

    name: str
    users: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, entry: Any) -> GroupSpec:
        """Raises :class:`connections.configuration.entry.EntryError`."""
        spec = cls(**read_fields("group", entry, GROUP_READERS, required=("name",)))
        if not 0 < len(spec.name) <= 150:
            raise EntryError("group", "name", "must have 1 to 150 characters")
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigDocument:
    """``settings`` holds those columns of ``GatewaySettings`` that the file sets."""

    connections: tuple[ConnectionSpec, ...] = ()
    models: tuple[RegisteredModelSpec, ...] = ()
    grants: tuple[GrantSpec, ...] = ()
    groups: tuple[GroupSpec, ...] = ()
    policies: tuple[PolicySpec, ...] = ()
    routes: tuple[RouteSpec, ...] = ()
    limits: tuple[LimitSpec, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def user_names(self) -> set[str]:
        specs: tuple[GrantSpec | GroupSpec, ...] = (*self.grants, *self.groups)
        members = {name for spec in specs for name in spec.users}
        return members | self._limited(SubjectKind.USER)

    @property
    def group_names(self) -> set[str]:
        """The groups that grants and limits name, which must come from somewhere."""
        granted = {name for spec in self.grants for name in spec.groups}
        return granted | self._limited(SubjectKind.GROUP)

    def _limited(self, kind: SubjectKind) -> set[str]:
        return {spec.subject.name for spec in self.limits if spec.subject.kind is kind}


def read_document(content: str) -> ConfigDocument:
    """Raises :class:`gateway_project.config_file.source.ConfigFileError`."""
    source = read_source(content)
    try:
        sections = read_fields("the file", source.data or {}, SECTION_READERS)
    except EntryError as exc:
        raise source.error((), exc) from exc
    document = ConfigDocument(
        connections=_entries(source, "connections", ConnectionSpec.from_dict),
        models=_entries(source, "models", RegisteredModelSpec.from_dict),
        grants=_entries(source, "grants", GrantSpec.from_dict),
        groups=_entries(source, "groups", GroupSpec.from_dict),
        policies=_entries(source, "policies", PolicySpec.from_dict),
        routes=_entries(source, "routes", RouteSpec.from_dict),
        limits=_entries(source, "limits", LimitSpec.from_dict),
        settings=_settings(source, sections.get("settings", {})),
    )
    _refuse_repeated(source, "connections", [spec.name for spec in document.connections])
    _refuse_repeated(source, "models", [spec.subject for spec in document.models])
    _refuse_repeated(source, "groups", [spec.name for spec in document.groups])
    _refuse_repeated(source, "policies", [spec.name for spec in document.policies])
    _refuse_repeated(source, "routes", [spec.model for spec in document.routes])
    _refuse_repeated(source, "limits", [spec.label for spec in document.limits])
    if sum(spec.is_default for spec in document.policies) > 1:
        raise ConfigFileError("policies: only one of them can be the default.")
    return document


def _entries(source: Source, section: str, from_dict: Callable[[Any], Value]) -> tuple[Value, ...]:
    values = []
    for index, entry in enumerate((source.data or {}).get(section) or []):
        try:
            values.append(from_dict(entry))
        except EntryError as exc:
            raise source.error((section, index), exc) from exc
    return tuple(values)


def _settings(source: Source, entry: Any) -> dict[str, Any]:
    try:
        return read_fields("settings", entry, SETTINGS_READERS)
    except EntryError as exc:
        raise source.error(("settings",), exc) from exc


def _refuse_repeated(source: Source, section: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ConfigFileError(
                f"{section}: there are two entries named {name}.", line=source.line(section, index)
            )


def _section_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("must be a list of entries")  # noqa: TRY004 - one error per reader
    return value


SECTION_READERS: dict[str, Reader] = {
    "connections": _section_list,
    "models": _section_list,
    "grants": _section_list,
    "groups": _section_list,
    "policies": _section_list,
    "routes": _section_list,
    "limits": _section_list,
    "settings": lambda value: value,
}
GRANT_READERS: dict[str, Reader] = {
    "models": texts,
    "groups": texts,
    "users": texts,
    "everyone": switch,
}
GROUP_READERS: dict[str, Reader] = {"name": text, "users": texts}
SETTINGS_READERS: dict[str, Reader] = {
    "enable_openai_api": switch,
    "bypass_model_access_control": switch,
    "models_cache_ttl": number,
    "forward_user_info_headers": switch,
}
