"""How ``grant`` and ``revoke`` are told whom they are about."""

from __future__ import annotations

from argparse import ArgumentParser

from django.contrib.auth.models import Group

from accounts.management.errors import UsageError
from accounts.models import User
from models_registry.grantee import Grantee


def add_grantee_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "pattern", metavar="PATTERN", help="a model id; * stands for any characters: 'openai/*'"
    )
    grantee = parser.add_mutually_exclusive_group(required=True)
    grantee.add_argument("--group", metavar="G")
    grantee.add_argument("--user", metavar="U")
    grantee.add_argument("--everyone", action="store_true")


def find_grantee(*, group: str | None, user: str | None, group_hint: str = "") -> Grantee:
    """Raises :class:`accounts.management.errors.UsageError` for what does not exist."""
    if group is not None:
        found = Group.objects.filter(name=group).first()
        if found is None:
            raise UsageError(f"There is no group named {group!r}.{group_hint}")
        return Grantee(group=found)
    if user is not None:
        person = User.objects.filter(username=user).first()
        if person is None:
            raise UsageError(
                f"There is no user named {user!r}. create_api_key {user} --create-user makes one."
            )
        return Grantee(user=person)
    return Grantee()
