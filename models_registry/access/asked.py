"""The models that the page of access shows, as its address says.

``q`` is a part of an id, ``connection`` a name, ``held`` one of ``HELD`` or the key of a holder,
``g`` a part of a group's name, ``page`` a page of groups, and each ``open`` the key of a folder.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from models_registry.access.holders import Holder
from models_registry.access.tree import Folder, ModelRow, ModelTree

ANY, NONE = "any", "none"
HELD = {"": "All models", ANY: "Granted to a group or everyone", NONE: "Granted to none of them"}
LONGEST = 200
COLUMNS = 20  # groups of a page, beside everyone
FEW = 40  # models that need no folding
NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    q: str = ""
    connection: str = ""
    held: str = ""
    g: str = ""
    page: int = 1
    open: frozenset[str] = frozenset()

    @classmethod
    def read(cls, query: QueryDict) -> Asked:
        texts = {
            name: query.get(name, "").replace("\0", "").strip()[:LONGEST]
            for name in ("q", "connection", "held", "g")
        }
        page = query.get("page", "")
        return cls(
            **texts,
            page=min(int(page), 10_000) if NUMBER.fullmatch(page) else 1,
            open=frozenset(query.getlist("open")),
        )

    @property
    def is_narrow(self) -> bool:
        """Whether the models are searched for, so that those found are shown at once."""
        return bool(self.q or self.held)

    def address(self, **other: Any) -> str:
        """The query of the page with ``other`` parameters in place of some of these."""
        mine = {name: getattr(self, name) for name in ("q", "connection", "held", "g")}
        values = mine | {"page": self.page if self.page > 1 else ""}
        values |= {"open": sorted(self.open)} | other
        given = {name: value for name, value in values.items() if value}
        return f"?{urlencode(given, doseq=True)}"


def chosen_models(asked: Asked, tree: ModelTree, holders: Sequence[Holder]) -> int:
    """The set of the models that are asked for."""
    text = asked.q.lower()
    rows = [row for row in tree.rows if _is_found(row, text, asked.connection)]
    found = tree.set_of(rows)
    if not asked.held:
        return found
    if asked.held in {ANY, NONE}:
        granted = 0
        for holder in holders:
            granted |= holder.models
        return found & granted if asked.held == ANY else found & ~granted
    return found & next((each.models for each in holders if each.key == asked.held), 0)


def _is_found(row: ModelRow, text: str, connection: str) -> bool:
    if connection and all(target.connection.upstream.name != connection for target in row.targets):
        return False
    ids = (row.model_id, *(target.qualified_id for target in row.targets))
    return not text or any(text in each.lower() for each in ids)


def chosen_groups(asked: Asked, holders: Sequence[Holder]) -> list[Holder]:
    """The groups that are asked for, without everyone."""
    text = asked.g.lower()
    return [each for each in holders if each.group_id is not None and text in each.name.lower()]


def shown_rows(folder: Folder, chosen: int) -> list[ModelRow]:
    """The rows of ``folder`` that are in the set ``chosen``."""
    return [row for row in folder.rows if chosen >> row.number & 1]
