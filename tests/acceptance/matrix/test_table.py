"""The table in the docs is the one that the tests go by."""

from __future__ import annotations

import pytest

from tests.acceptance.matrix import test_cells
from tests.acceptance.matrix.cells import CAPABILITIES, NOTES, UPSTREAMS, table
from tests.acceptance.matrix.kinds import KINDS
from tests.support.environment import ROOT


def test_the_docs_show_it():
    """Where it differs, put what :func:`table` returns into ``docs/api.md``."""
    assert table() in (ROOT / "docs" / "api.md").read_text()


@pytest.mark.parametrize("capability", CAPABILITIES.values(), ids=CAPABILITIES.keys())
def test_every_row_is_tried(capability):
    assert callable(getattr(test_cells, capability.test))


def test_every_column_is_an_upstream():
    assert set(UPSTREAMS) == set(KINDS)


def test_every_note_is_of_cells_that_exist():
    cells = {(row, column) for row in CAPABILITIES for column in UPSTREAMS}
    assert [note.text for note in NOTES if not note.cells <= cells] == []
