"""A registered model as configuration files write it, and bringing the database to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.core.exceptions import ValidationError

from connections.configuration.difference import Difference, Kind
from connections.configuration.entry import (
    EntryError,
    Reader,
    one_of,
    read_fields,
    switch,
    text,
    texts,
    whole_number,
)
from connections.models import Connection
from models_registry.models import Family, RegisteredModel

# The names of the columns where the file has shorter ones.
COLUMNS = {
    "alias": "public_id",
    "name": "display_name",
    "defaults": "default_parameters",
    "hidden": "is_hidden",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModelSpec:
    """One complete description. ``connection`` is a name, ``model`` the upstream's own."""

    connection: str
    model: str
    alias: str = ""
    name: str = ""
    description: str = ""
    family: str = Family.AUTO.value
    family_facts: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    hidden: bool = False
    order: int | None = None

    @classmethod
    def from_dict(cls, entry: Any) -> RegisteredModelSpec:
        """Raises :class:`connections.configuration.entry.EntryError`."""
        spec = cls(**read_fields("model", entry, READERS, required=("connection", "model")))
        row = RegisteredModel(**spec._columns())
        try:
            row.clean_fields(exclude={"connection"})
        except ValidationError as exc:
            column, messages = next(iter(exc.message_dict.items()))
            name = next((name for name, named in COLUMNS.items() if named == column), column)
            raise EntryError(spec.subject, name, f"is not valid. {' '.join(messages)}") from exc
        return spec

    @classmethod
    def of(cls, row: RegisteredModel) -> RegisteredModelSpec:
        """``row`` as a value."""
        columns = {
            each.name: getattr(row, COLUMNS.get(each.name, each.name)) for each in fields(cls)
        }
        return cls(**columns | {"connection": row.connection.name, "tags": tuple(row.tags)})

    @property
    def subject(self) -> str:
        return f"model {self.connection}/{self.model}"

    def to_dict(self) -> dict[str, Any]:
        """The entry that reads back as this spec, without what is as by default."""
        plain = RegisteredModelSpec(connection=self.connection, model=self.model)
        given = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name in {"connection", "model"}
            or getattr(self, each.name) != getattr(plain, each.name)
        }
        return {k: list(v) if isinstance(v, tuple) else v for k, v in given.items()}

    def upsert(self) -> Difference:
        """Register the model, or change its row where it differs.

        Raises ``EntryError`` when the database would refuse it.
        """
        connection = Connection.objects.filter(name=self.connection).first()
        if connection is None:
            raise EntryError(self.subject, "connection", "is the name of no connection")
        row = RegisteredModel.objects.filter(connection=connection, model=self.model).first()
        before = RegisteredModelSpec.of(row) if row else None
        if before == self:
            return Difference(subject=self.subject, kind=Kind.UNCHANGED)
        row = row or RegisteredModel(connection=connection)
        for column, value in self._columns().items():
            setattr(row, column, value)
        try:
            row.full_clean()
        except ValidationError as exc:
            raise EntryError(self.subject, "", " ".join(exc.messages)) from exc
        row.save()
        if before is None:
            return Difference(subject=self.subject, kind=Kind.ADDED)
        changed = (
            each.name
            for each in fields(self)
            if getattr(before, each.name) != getattr(self, each.name)
        )
        return Difference(subject=self.subject, kind=Kind.CHANGED, details=tuple(changed))

    def _columns(self) -> dict[str, Any]:
        columns = {
            COLUMNS.get(each.name, each.name): getattr(self, each.name) for each in fields(self)
        }
        del columns["connection"]
        return columns | {
            "tags": list(self.tags),
            "family_facts": dict(self.family_facts),
            "default_parameters": dict(self.defaults),
        }


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ValueError("must be a mapping of names to values")
    return dict(value)


READERS: dict[str, Reader] = {
    "connection": text,
    "model": text,
    "alias": text,
    "name": text,
    "description": text,
    "family": one_of(Family.values),
    "family_facts": _mapping,
    "defaults": _mapping,
    "tags": texts,
    "hidden": switch,
    "order": whole_number,
}
