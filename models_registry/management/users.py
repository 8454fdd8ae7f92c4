"""The user a command is about."""

from __future__ import annotations

from accounts.management.errors import UsageError
from accounts.models import User


def find_user(name: str) -> User:
    """Raises :class:`accounts.management.errors.UsageError`."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise UsageError(f"There is no user named {name!r}.")
    return user
