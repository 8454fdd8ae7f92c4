"""Connections that pass on what is the callers' own, and who may say that one does.

The upstream of such a connection can act as each of its callers. So it is a superuser in the admin,
a configuration file, the environment or a command that sets one up and changes it. Open WebUI's API
and editors in the admin can turn such a connection off and remove it, and no more than that.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Protocol

from connections.choices import CALLERS_OWN, AuthType
from connections.configuration.spec import ConnectionSpec

RESERVED = "Only a superuser, a configuration file or a command sets this"
LOCKED = (
    "is of a connection that passes on its callers' own credentials, which is changed by a "
    "superuser in the admin, by a configuration file or by a command alone"
)
NOT_HERE = (
    "passes on the callers' own credentials, which is set by a superuser in the admin, by a "
    "configuration file or by a command alone"
)


class Signed(Protocol):
    """A row or its value."""

    @property
    def auth_type(self) -> str: ...

    @property
    def forward_cookies(self) -> bool: ...


def passes_on_callers_own(connection: Signed) -> bool:
    """Whether the upstream is sent the credential, the token or the cookies of its callers."""
    return connection.auth_type in CALLERS_OWN or connection.forward_cookies


def open_auth_types() -> list[str]:
    """What every editor may choose."""
    return [auth_type for auth_type in AuthType.values if auth_type not in CALLERS_OWN]


def problem_of_change(
    before: ConnectionSpec | None, after: ConnectionSpec
) -> tuple[str, str] | None:
    """What forbids an editor to make ``after`` of ``before``: a field, and what is wrong with it.

    ``before`` is None for a new connection.
    """
    if before is not None and passes_on_callers_own(before):
        allowed = replace(before, enabled=before.enabled and after.enabled, keys=None)
        changed = _changed_fields(allowed, after)
        return (changed[0], LOCKED) if changed else None
    if passes_on_callers_own(after):
        return ("forward_cookies" if after.forward_cookies else "auth_type", NOT_HERE)
    return None


def _changed_fields(before: ConnectionSpec, after: ConnectionSpec) -> list[str]:
    names = (each.name for each in fields(after))
    return [name for name in names if getattr(before, name) != getattr(after, name)]
