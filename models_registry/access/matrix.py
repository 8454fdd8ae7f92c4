"""The matrix of models and groups as HTML: one text for all cells of a row, since there may be
thousands of cells on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import conditional_escape as escaped
from django.utils.safestring import SafeString, mark_safe

from models_registry.access.asked import FEW, Asked, shown_rows
from models_registry.access.holders import Holder
from models_registry.access.tree import Folder, ModelRow, ModelTree

MOST_ROWS = 200  # of an open folder
MOST_OPEN_ROWS = 400  # of a page


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    row: ModelRow
    cells: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFolder:
    """``count`` is of the models that are asked for, ``left_out`` of those without a row here.

    ``address`` is of the page with the folder opened or folded, ``rows_address`` of its rows alone.
    """

    folder: Folder
    count: int
    cells: SafeString
    address: str
    rows_address: str
    rows: tuple[ShownRow, ...] = ()
    is_open: bool = False
    left_out: int = 0


def shown_folders(
    asked: Asked, tree: ModelTree, chosen: int, columns: Sequence[Holder]
) -> list[ShownFolder]:
    """The folders that hold any of the set ``chosen``."""
    total, room, found = chosen.bit_count(), MOST_OPEN_ROWS, []
    for folder in tree.folders:
        rows = shown_rows(folder, chosen)
        if not rows:
            continue
        wants = total <= FEW or asked.is_narrow or folder.key in asked.open
        is_open = wants and room > 0
        shown = rows[: min(MOST_ROWS, room)] if is_open else []
        room -= len(shown)
        found.append(
            ShownFolder(
                folder=folder,
                count=len(rows),
                cells=_counts(asked, folder, rows, tree.set_of(rows), columns),
                address=asked.address(open=sorted(asked.open ^ {folder.key})),
                rows_address=asked.address(rows=folder.key),
                rows=rows_of(shown, columns),
                is_open=is_open,
                left_out=len(rows) - len(shown) if is_open else 0,
            )
        )
    return found


def rows_of(rows: Sequence[ModelRow], columns: Sequence[Holder]) -> tuple[ShownRow, ...]:
    return tuple(ShownRow(row=row, cells=_cells(row, columns)) for row in rows)


def _counts(
    asked: Asked,
    folder: Folder,
    rows: Sequence[ModelRow],
    models: int,
    columns: Sequence[Holder],
) -> SafeString:
    """How many of ``rows``, which are the set ``models``, each holder has: a link to these."""
    count = len(rows)
    parts = []
    for holder in columns:
        has = (holder.models & models).bit_count()
        query = escaped(asked.address(held=holder.key, open=[folder.key]))
        told = f"{count:,}" if has == count else f"{has:,}/{count:,}"
        parts.append(f'<td><a href="{query}">{told}</a></td>' if has else "<td></td>")
    return mark_safe("".join(parts))  # noqa: S308 - escaped above


def _cells(row: ModelRow, columns: Sequence[Holder]) -> SafeString:
    here = 1 << row.number
    return mark_safe("".join(_cell(here, holder) for holder in columns))  # noqa: S308 - escaped below


def _cell(here: int, holder: Holder) -> str:
    """The grants of ``holder`` that cover the model of the set ``here``, the first as a link.

    Addresses are relative to the page's, below the list of grants.
    """
    if not holder.models & here:
        return "<td></td>"
    first, *others = holder.grants_of(here)
    pattern = escaped(first.pattern)
    more = escaped(", ".join(each.pattern for each in others))
    also = f'<small title="also by {more}">+{len(others)}</small>' if others else ""
    if first.is_direct:
        name = f"{pattern} is granted to {escaped(holder.name)}"
        inner = f'<a href="../{first.pk}/change/" aria-label="{name}" title="{name}">●</a>'
    else:
        inner = f'<a href="../{first.pk}/change/" title="{pattern}"><code>{pattern}</code></a>'
    return f"<td>{inner}{also}</td>"
