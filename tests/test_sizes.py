"""Modules and functions are small enough to be read at once, and rooms to be looked over."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import ROOT

ROOMS = (
    "infrastructure",
    "wire_formats",
    "accounts",
    "connections",
    "resilience",
    "models_registry",
    "usage",
    "limits",
    "proxy",
    "audio",
    "portal",
    "gateway_project",
)
MOST_LINES = 250
MOST_LINES_OF_A_FUNCTION = 40
MOST_FILES_AT_THE_TOP = 12


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from (path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


def test_modules_are_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in modules()}
    assert [(str(path), n) for path, n in lengths.items() if n > MOST_LINES] == []


def test_functions_are_short() -> None:
    found = [
        f"{path}: {node.name}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]
    assert found == []


@pytest.mark.parametrize(
    "room", ["connections", "proxy", "wire_formats/messages", "wire_formats/responses"]
)
def test_the_top_of_a_large_room_is_for_what_all_its_wings_use(room: str) -> None:
    assert len(list((ROOT / room).glob("*.py"))) <= MOST_FILES_AT_THE_TOP


@pytest.mark.parametrize("form", ["messages", "responses"])
def test_each_direction_of_a_wire_format_can_be_looked_over(form: str) -> None:
    folders = [path for path in (ROOT / "wire_formats" / form).iterdir() if path.is_dir()]
    assert [
        str(folder) for folder in folders if len(list(folder.glob("*.py"))) > MOST_FILES_AT_THE_TOP
    ] == []
