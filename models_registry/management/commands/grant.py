from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.management.command import DONE, GatehouseCommand
from accounts.management.errors import UsageError
from models_registry.management.grantee_arguments import add_grantee_arguments, find_grantee


class Command(GatehouseCommand):
    help = "Let a group, a user or everyone use the models that match a pattern."
    examples = (
        "'openai/*' --group researchers",
        "gpt-4o-mini --everyone",
        "'demo-*' --group new --create-group",
    )
    exits = {0: f"{DONE}, or granted already", 2: "no such group or user, or no pattern"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_grantee_arguments(parser)
        parser.add_argument(
            "--create-group", action="store_true", help="make the group if there is none"
        )

    @transaction.atomic
    def handle(
        self,
        *,
        pattern: str,
        group: str | None,
        user: str | None,
        create_group: bool,
        **options: Any,
    ) -> None:
        is_new_group = create_group and _create_group(group)
        grantee = find_grantee(group=group, user=user, group_hint=" --create-group makes it.")
        try:
            is_new = grantee.grant(pattern)
        except ValidationError as exc:
            raise UsageError(f"{pattern!r} cannot be granted. {' '.join(exc.messages)}") from exc
        if is_new_group:
            self.stderr.write(f"Made the group {group}.")
        said = "Granted" if is_new else "Nothing to do: already granted"
        self.stdout.write(f"{said} {pattern} to {grantee}.")


def _create_group(name: str | None) -> bool:
    """Whether there was none. Raises ``UsageError``."""
    if not name:
        raise UsageError("--create-group goes with --group.")
    if Group.objects.filter(name=name).exists():
        return False
    group = Group(name=name)
    try:
        group.full_clean()
    except ValidationError as exc:
        raise UsageError(f"{name!r} cannot name a group. {' '.join(exc.messages)}") from exc
    group.save()
    return True
