from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from accounts.encryption import EncryptionError
from accounts.management.command import GatehouseCommand
from gateway_project.config_file.exporting import Export, export_document


class Command(GatehouseCommand):
    help = "Write the configuration as a file that import_config reads, with keys in the clear."
    examples = (
        "--no-secrets",
        "--output gatehouse.yaml",
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-secrets", action="store_true", help="leave out keys and credential headers"
        )
        parser.add_argument(
            "--output", metavar="FILE", type=Path, help="write here, readable by you alone"
        )

    def handle(self, *, no_secrets: bool, output: Path | None, **options: Any) -> None:
        try:
            export = export_document(with_secrets=not no_secrets)
        except EncryptionError as exc:
            raise CommandError(f"A key cannot be exported: {exc}. See --no-secrets.") from exc
        self._warn(export, no_secrets)
        if output is None:
            self.stdout.write(export.content, ending="")
            return
        try:
            _write_private(output, export.content)
        except OSError as exc:
            raise CommandError(f"{output} cannot be written: {exc.strerror}.") from exc
        self.stderr.write(f"Written to {output}.")

    def _warn(self, export: Export, no_secrets: bool) -> None:
        for sentence in export.left_out:
            self.stderr.write(sentence)
        if not no_secrets:
            self.stderr.write("The export holds keys in the clear: keep it as you keep them.")


def _write_private(path: Path, content: str) -> None:
    """Replace ``path`` by a file that nobody else could read at any time."""
    with tempfile.NamedTemporaryFile(  # is made with mode 0600
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as draft:
        draft.write(content)
    Path(draft.name).replace(path)
