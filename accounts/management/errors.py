"""How commands fail. A plain ``CommandError`` exits with 1: it was tried and did not work."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError


class UsageError(CommandError):
    """The arguments make no sense or name something unknown. Exits with 2, as argparse."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, returncode=2)
