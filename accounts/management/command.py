"""What all commands of Gatehouse share: short help with examples, quiet logs, one form of JSON."""

from __future__ import annotations

import json
import logging
import os
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, DjangoHelpFormatter
from django.db import connection

OF_DJANGO = (
    "--version",
    "--verbosity",
    "--settings",
    "--pythonpath",
    "--traceback",
    "--no-color",
    "--force-color",
    "--skip-checks",
)
DONE = "done"
EXITS = {0: DONE, 1: "it did not work", 2: "wrong arguments, or a name that is not known"}


class HelpFormatter(DjangoHelpFormatter):
    """Leaves the lines of examples and exit codes as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


class GatehouseCommand(BaseCommand):
    """``examples`` are arguments as they would follow the name; ``exits`` what each code means.

    Django's generic options are taken and not shown. Its system checks belong to ``check``,
    ``doctor`` and ``serve``: running all of them takes longer than most commands.
    """

    examples: ClassVar[tuple[str, ...]] = ()
    exits: ClassVar[Mapping[int, str]] = EXITS
    suppressed_base_arguments: ClassVar[set[str]] = set(OF_DJANGO)  # type: ignore[misc]
    requires_system_checks: Any = ()
    is_server = False  # which logs as it goes and keeps a pool of connections to the database

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs.setdefault("formatter_class", HelpFormatter)
        kwargs.setdefault("epilog", self._epilog(f"{os.path.basename(prog_name)} {subcommand}"))  # noqa: PTH119 - a name, not a path
        return super().create_parser(prog_name, subcommand, **kwargs)

    def run_from_argv(self, argv: list[str]) -> None:
        if not self.is_server:
            quieten_logs()
            connect_without_pool()
        super().run_from_argv(argv)

    def write_json(self, answer: Mapping[str, Any]) -> None:
        """One object with its ``schema_version``: readable on a terminal, else in one line."""
        indent = 2 if self.stdout.isatty() else None
        self.stdout.write(json.dumps({"schema_version": 1, **answer}, indent=indent))

    def _epilog(self, program: str) -> str:
        lines = []
        if self.examples:
            lines += ["examples:", *(f"  {program} {each}".rstrip() for each in self.examples), ""]
        return "\n".join([*lines, "exit codes:", *(f"  {n}  {s}" for n, s in self.exits.items())])


def add_json_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="one JSON object; in one line unless on a terminal"
    )


def connect_without_pool() -> None:
    """A command needs a connection or two; a pool would hide for seconds why there are none."""
    options = connection.settings_dict.get("OPTIONS", {})
    options.pop("pool", None)


def quieten_logs() -> None:
    """Only warnings stand beside what a command says, unless ``LOG_LEVEL`` asks for more."""
    root = logging.getLogger()
    if not os.environ.get("LOG_LEVEL"):
        root.setLevel(max(root.level, logging.WARNING))
