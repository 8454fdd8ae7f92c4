"""The models of a catalogue as rows in folders: by connection, and by the first part of the id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from models_registry.catalogue import Catalogue
from models_registry.patterns import PatternIndex, positions_set
from models_registry.targets import Target

ROUTES = "routes"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One public id. ``number`` is its bit in sets; ``targets`` are all that answer to the id."""

    number: int
    model_id: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """``connection`` is empty for routes, ``prefix`` ends with a slash or is empty."""

    connection: str
    prefix: str
    rows: tuple[ModelRow, ...]

    @property
    def key(self) -> str:
        """The name of the folder in addresses and forms."""
        return f"{self.connection}/{self.prefix}"

    @property
    def name(self) -> str:
        names = (self.connection or ROUTES, self.prefix)
        return " › ".join(name for name in names if name)


class ModelTree:
    """Sets of models are numbers with a bit for each row, as in :class:`PatternIndex`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.rows = tuple(
            ModelRow(number=number, model_id=model_id, targets=targets)
            for number, (model_id, targets) in enumerate(catalogue.routes())
        )
        names = {
            (name, row.number)
            for row in self.rows
            for target in row.targets
            for name in target.granted_ids
        }
        self.patterns = PatternIndex(names, len(self.rows))
        self.folders = tuple(_folders(self.rows))

    @cached_property
    def by_id(self) -> dict[str, ModelRow]:
        return {row.model_id: row for row in self.rows}

    @cached_property
    def by_key(self) -> dict[str, Folder]:
        return {folder.key: folder for folder in self.folders}

    def covered_by(self, *patterns: str) -> int:
        """The set of the models that any of ``patterns`` covers."""
        return self.patterns.covered_by(patterns)

    def set_of(self, rows: tuple[ModelRow, ...] | list[ModelRow]) -> int:
        return positions_set((row.number for row in rows), len(self.rows))

    def rows_in(self, chosen: int) -> Iterator[ModelRow]:
        """The rows of the set ``chosen``, in the order of the list."""
        return (row for row in self.rows if chosen >> row.number & 1)


def _folders(rows: tuple[ModelRow, ...]) -> Iterator[Folder]:
    places: dict[tuple[str, str], list[ModelRow]] = {}
    for row in rows:
        places.setdefault(_place(row), []).append(row)
    connections = list(dict.fromkeys(connection for connection, _ in places))
    for connection, prefix in sorted(places, key=lambda at: (connections.index(at[0]), at[1])):
        found = sorted(places[connection, prefix], key=lambda row: row.model_id)
        yield Folder(connection=connection, prefix=prefix, rows=tuple(found))


def _place(row: ModelRow) -> tuple[str, str]:
    """The connection that serves the row, and the part of its id up to the first slash."""
    first = row.targets[0]
    connection = "" if first.is_routed else first.connection.upstream.name
    before, slash, _ = row.model_id.partition("/")
    return connection, before + slash if slash else ""
