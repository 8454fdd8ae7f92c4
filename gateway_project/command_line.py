"""The command line: ``manage.py`` and ``gatehouse``. Known errors are one line and an exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SERVE = "serve"
FAILED = 1
UNUSABLE = 2  # wrong arguments or settings, as argparse has it
INTERRUPTED = 130
CLOSED_PIPE = 141  # as a shell counts a process that SIGPIPE ended
FOR_OVERVIEW = ({"help"}, {"--help"}, {"-h"}, set[str]())


def main() -> None:
    """Run the command that the process was started with."""
    arguments = sys.argv[1:]
    if len(arguments) <= 1 and set(arguments) in FOR_OVERVIEW:
        from gateway_project.commands import overview

        sys.stdout.write(f"{overview(Path(sys.argv[0]).name)}\n")
        return
    if arguments[0] == "healthcheck" and not {"--help", "-h"}.intersection(arguments):
        from gateway_project import healthcheck

        sys.exit(healthcheck.main(arguments[1:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    sys.exit(run(sys.argv))


def run(argv: list[str]) -> int:
    """Run ``argv`` by Django. Returns the exit code of an error that is known."""
    from django.core.management import execute_from_command_line

    from infrastructure.origin import Origin, Way, made_by

    command = argv[1] if len(argv) > 1 else ""
    way = Way.GATEWAY if command == SERVE else Way.COMMAND
    try:
        with made_by(Origin(way=way, name=command)):
            execute_from_command_line(argv)
        sys.stdout.flush()
    except BrokenPipeError:  # as of `… | head`
        # Python flushes once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except _known_errors() as exc:
        if "--traceback" in argv:
            raise
        code, sentence = _told(exc)
        sys.stderr.write(f"{sentence}\n")
        return code
    return 0


def _known_errors() -> tuple[type[Exception], ...]:
    """What an operator can mend. Imported once something went wrong."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError, InterfaceError

    from accounts.encryption import EncryptionError

    return ImproperlyConfigured, DatabaseError, InterfaceError, EncryptionError, OSError


def _told(exc: Exception) -> tuple[int, str]:
    """The exit code and the words for one of ``_known_errors``."""
    configuration, database, interface, encryption, _ = _known_errors()
    if isinstance(exc, configuration):
        return UNUSABLE, str(exc)
    if isinstance(exc, (database, interface)):
        return FAILED, _of_database(exc)
    if isinstance(exc, encryption):
        return FAILED, f"A stored secret cannot be read: {exc}. `doctor` says more."
    where = f" ({exc.filename})" if isinstance(exc, OSError) and exc.filename else ""
    return FAILED, f"The system refuses: {getattr(exc, 'strerror', '') or exc}{where}."


def _of_database(exc: Exception) -> str:
    said = next(iter(str(exc).strip().splitlines()), type(exc).__name__).rstrip(".")
    cause = exc.__cause__
    is_unmade = "no such" in said or type(cause).__name__ in {"UndefinedTable", "UndefinedColumn"}
    remedy = "Run migrate first" if is_unmade else "`doctor` says more"
    return f"The database refuses: {said}. {remedy}."
