"""Who may edit which connection."""

from __future__ import annotations

from django.http import HttpRequest

from connections.configuration.callers_own import passes_on_callers_own
from connections.models import Connection


def is_editable(request: HttpRequest, connection: Connection | None) -> bool:
    """Whether a user who may change connections may change this one; None is a new one."""
    if connection is None:
        return True
    return not connection.is_from_environment and not is_reserved(request, connection)


def is_reserved(request: HttpRequest, connection: Connection) -> bool:
    """Whether only a superuser may change ``connection``, and the user is none."""
    return passes_on_callers_own(connection) and not is_superuser(request)


def is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
