"""The option that names groups."""

from __future__ import annotations

from argparse import ArgumentParser

from django.contrib.auth.models import Group

from accounts.management.errors import UsageError


def add_group_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--group", action="append", default=[], metavar="G", help="join it; may be repeated"
    )


def groups_named(names: list[str]) -> list[Group]:
    """Raises :class:`accounts.management.errors.UsageError` for a name that no group has."""
    groups = list(Group.objects.filter(name__in=names))
    if missing := sorted(set(names) - {group.name for group in groups}):
        raise UsageError(
            f"Unknown group: {', '.join(missing)}. "
            "grant PATTERN --group G --create-group makes one."
        )
    return groups
