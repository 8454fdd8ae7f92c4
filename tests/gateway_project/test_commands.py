"""The commands: what they are shown as, and what their help says."""

from __future__ import annotations

import io
import shlex
from contextlib import redirect_stdout

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandError

from accounts.management.command import OF_DJANGO, GatehouseCommand
from gateway_project.commands import GROUPS, overview
from tests.support.environment import ROOT

OF_DJANGO_CHANGED = {"migrate"}  # a subclass of its command
OURS = sorted(
    {path.stem for path in ROOT.glob("*/management/commands/[a-z]*.py")} - OF_DJANGO_CHANGED
)
LISTED = {name for lines in GROUPS.values() for name in lines}

each_command = pytest.mark.parametrize("name", OURS)


def command(name: str) -> GatehouseCommand:
    loaded = load_command_class(get_commands()[name], name)
    assert isinstance(loaded, GatehouseCommand)
    return loaded


def test_each_command_is_shown_in_one_group_and_exists() -> None:
    assert set(OURS) <= LISTED <= set(get_commands())
    assert len(LISTED) == sum(map(len, GROUPS.values()))


def test_our_commands_come_first_with_a_line_each() -> None:
    text = overview("gatehouse")
    assert max(map(len, text.splitlines())) <= 80
    assert text.index("  usage ") < text.index("  migrate ")


@each_command
def test_help_leaves_out_the_options_of_django(name: str) -> None:
    output = io.StringIO()
    with redirect_stdout(output):
        command(name).print_help("manage.py", name)
    text = output.getvalue()
    assert [option for option in OF_DJANGO if f"{option} " in text or f"{option}\n" in text] == []
    assert "examples:\n" in text
    assert "exit codes:\n  0  " in text


@each_command
def test_examples_are_understood(name: str) -> None:
    for example in command(name).examples:
        parser = command(name).create_parser("manage.py", name)
        try:
            parser.parse_args(shlex.split(example))
        except CommandError as exc:
            pytest.fail(f"{name} {example}: {exc}")


@each_command
def test_options_of_django_are_still_taken(name: str) -> None:
    parser = command(name).create_parser("manage.py", name)
    example = shlex.split(command(name).examples[0])
    assert parser.parse_args(["--traceback", *example]).traceback
