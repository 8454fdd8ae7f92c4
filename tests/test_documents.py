"""The documents name only what there is."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.support.environment import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MAKE_TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)(?:#[^)\s]*)?\)")
SHELL = re.compile(r"^ *```sh\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
COMMAND_LINE = re.compile(r"manage\.py ([a-z_]+[^\n()|;&>]*)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


def code_of(document: Path) -> str:
    return "\n".join(CODE.findall(document.read_text()))


@each_document
def test_named_commands_exist(document):
    named = set(re.findall(r"manage\.py ([a-z_]+)", code_of(document)))
    assert named <= set(get_commands())


@each_document
def test_named_commands_take_the_options_they_are_shown_with(document):
    for line in COMMAND_LINE.findall("\n".join(SHELL.findall(document.read_text()))):
        name, *arguments = shlex.split(line, comments=True)
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        parser.parse_args(arguments)  # exits where it does not understand


@each_document
def test_named_make_targets_exist(document):
    named = set(re.findall(r"(?:^|[`\s])make ([a-z][a-z-]*)", code_of(document)))
    assert named <= MAKE_TARGETS


@each_document
def test_links_lead_to_files_that_exist(document):
    targets = [target for target in LINK.findall(document.read_text()) if target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


@each_document
def test_python_examples_compile(document):
    for number, example in enumerate(
        re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL)
    ):
        compile(example, f"{document.name}, example {number + 1}", "exec")


def test_the_command_line_examples_are_found():
    assert "bootstrap" in get_commands()
    assert {"run", "test", "check"} <= MAKE_TARGETS
    assert ROOT / "README.md" in DOCUMENTS


GUIDES = ("CONTRIBUTING.md", "README.md", "SECURITY.md", "docs/architecture.md", "docs/filters.md")
# As code has it: a path, or a pattern of paths such as `tests/proxy/*.py` or `docs/<name>.md`.
PATH = re.compile(r"`([\w.-]+/[\w./<>*-]*)`")
TOP_LEVEL = {path.name for path in ROOT.iterdir() if path.is_dir()}
MADE = (".venv/", "var/", "benchmarks/.peers")  # by running things


def paths_in(text: str) -> set[str]:
    """The paths that ``text`` names: those below a directory of ours, and those of modules."""
    return {
        path
        for path in PATH.findall(text)
        if path.endswith(".py") or path.partition("/")[0] in TOP_LEVEL
        if not path.startswith(MADE)
    }


@pytest.mark.parametrize("name", GUIDES)
def test_named_paths_exist(name):
    named = paths_in((ROOT / name).read_text())
    assert [path for path in named if not list(ROOT.glob(re.sub(r"<\w+>", "*", path)))] == []


def test_paths_are_found():
    text = "`docs/nothing.md`, `proxy/gone/`, `gone/module.py`, `openai/*`, `var/x`, `make run`"
    assert paths_in(text) == {"docs/nothing.md", "proxy/gone/", "gone/module.py"}


def test_every_room_and_wing_is_described():
    told = (ROOT / "docs" / "architecture.md").read_text()
    packages = [
        str(file.parent.relative_to(ROOT))
        for pattern in ("*/__init__.py", "proxy/*/__init__.py", "connections/*/__init__.py")
        for file in ROOT.glob(pattern)
    ]
    plain = ("tests", "management", "migrations")
    wings = [package for package in packages if not package.endswith(plain)]
    assert [package for package in wings if f"`{package}/`" not in told] == []
