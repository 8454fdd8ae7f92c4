from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from gateway_project.migration_lock import migration_lock


class Command(migrate.Command):
    help = f"{migrate.Command.help} Several at once wait for one another."

    def handle(self, *args: Any, **options: Any) -> None:
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        with migration_lock(options["database"], self._tell_of_waiting):
            super().handle(*args, **options)

    def _tell_of_waiting(self) -> None:
        self.stderr.write("Another migrate is under way; this one waits for it.")
