"""The targets of a route as configuration files write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from connections.configuration.entry import EntryError, Reader, read_fields, text, whole_number
from resilience.models import RouteTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """``connection`` is a name, empty for one that was deleted; ``model`` is the upstream's own."""

    connection: str
    model: str
    tier: int = 1
    weight: int = 1

    @classmethod
    def from_dict(cls, entry: Any, subject: str) -> TargetSpec:
        """Raises :class:`connections.configuration.entry.EntryError`."""
        try:
            spec = cls(**read_fields("target", entry, READERS, required=("connection", "model")))
        except EntryError as exc:
            raise EntryError(subject, "targets", f"{exc.field} {exc.problem}".strip()) from exc
        if not spec.connection:
            raise EntryError(subject, "targets", "names a connection without a name")
        try:
            spec.row().clean_fields(exclude={"route", "connection"})
        except ValidationError as exc:
            field, messages = next(iter(exc.message_dict.items()))
            raise EntryError(subject, "targets", f"{field}: {' '.join(messages)}") from exc
        return spec

    @classmethod
    def of(cls, row: RouteTarget) -> TargetSpec:
        name = row.connection.name if row.connection is not None else ""
        return cls(connection=name, model=row.model, tier=row.tier, weight=row.weight)

    def row(self, **fields: Any) -> RouteTarget:
        """A row that is not saved, with ``fields`` besides."""
        return RouteTarget(model=self.model, tier=self.tier, weight=self.weight, **fields)

    def to_dict(self) -> dict[str, Any]:
        return {
            "connection": self.connection,
            "model": self.model,
            "tier": self.tier,
            "weight": self.weight,
        }

    def __str__(self) -> str:
        place = f"tier {self.tier}" + (f", weight {self.weight}" if self.weight != 1 else "")
        return f"{self.connection or 'a deleted connection'}/{self.model} ({place})"


READERS: dict[str, Reader] = {
    "connection": text,
    "model": text,
    "tier": whole_number,
    "weight": whole_number,
}
