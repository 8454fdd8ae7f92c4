"""The state of a connection as one value, for lists, overviews and commands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from connections.choices import CALLERS_OWN, Cause
from connections.models import Connection, ConnectionHealth
from infrastructure.moments import age_of


class Kind(StrEnum):
    WORKS = "works"
    KEY_REFUSED = "key_refused"
    PORT_REFUSED = "port_refused"
    UNREACHABLE = "unreachable"
    NEVER_LISTED = "never_listed"
    FAILING = "failing"
    RATE_LIMITED = "rate_limited"
    DISABLED = "disabled"
    NOT_CHECKED = "not_checked"


KINDS = {
    Cause.KEY_REFUSED: Kind.KEY_REFUSED,
    Cause.NO_CREDENTIAL: Kind.KEY_REFUSED,
    Cause.PORT_REFUSED: Kind.PORT_REFUSED,
    Cause.HOST_UNKNOWN: Kind.UNREACHABLE,
    Cause.UNREACHABLE: Kind.UNREACHABLE,
    Cause.TLS_FAILED: Kind.UNREACHABLE,
    Cause.RATE_LIMITED: Kind.RATE_LIMITED,
    Cause.NO_LIST: Kind.NEVER_LISTED,
    Cause.WRONG_URL: Kind.FAILING,
    Cause.FAILING: Kind.FAILING,
}
WANT_A_PERSON = frozenset(
    {Kind.KEY_REFUSED, Kind.PORT_REFUSED, Kind.UNREACHABLE, Kind.NEVER_LISTED, Kind.FAILING}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """How a connection is now.

    ``label`` is the state in two or three words, ``problem`` the upstream's or the network's own
    words, safe to show. ``since`` is when the connection began to fail; for one that works, when it
    was last heard. ``model_count`` is what it offers, as of ``listed_at`` unless the models are
    entered in its form.
    """

    connection_id: int
    name: str
    kind: Kind
    label: str
    since: datetime | None = None
    last_success: datetime | None = None
    problem: str = ""
    model_count: int = 0
    has_entered_models: bool = False
    listed_at: datetime | None = None
    now: datetime

    @property
    def sentence(self) -> str:
        """Such as ``works · 5 min`` and ``key refused · 3 h``."""
        return f"{self.label} · {self.age}" if self.age else self.label

    @property
    def age(self) -> str:
        return age_of(self.since, now=self.now) if self.since else ""

    @property
    def wants_a_person(self) -> bool:
        """Whether it stays as it is until a person changes something."""
        return self.kind in WANT_A_PERSON

    @property
    def is_stale(self) -> bool:
        """Whether the models are those of an earlier list, since the upstream gives none now."""
        is_failing = self.wants_a_person or self.kind is Kind.RATE_LIMITED
        return is_failing and self.listed_at is not None and not self.has_entered_models

    @property
    def consequence(self) -> str:
        """The consequence of a failure for the models; empty while the connection works."""
        if not (self.wants_a_person or self.kind is Kind.RATE_LIMITED):
            return ""
        if self.has_entered_models:
            return "The models that are entered in its form are still offered."
        if self.listed_at is None:
            return "It has never given a list of models, so it offers none."
        if not self.model_count:
            return "Its last list was empty, so it offers no model."
        return "The models of its last list are still offered."


def connection_states(*, now: datetime | None = None) -> list[ConnectionState]:
    """The states of all connections in their order, by one query."""
    now = now or timezone.now()
    return [state_of(row, now=now) for row in Connection.objects.with_health().by_priority()]


def states_of(rows: Iterable[Connection]) -> dict[int, ConnectionState]:
    """By the id of the connection. ``rows`` come from ``with_health()``."""
    now = timezone.now()
    return {row.pk: state_of(row, now=now) for row in rows}


def state_of(connection: Connection, *, now: datetime | None = None) -> ConnectionState:
    """The state of one, which takes no query for rows of ``with_health()``."""
    health = _health_of(connection)
    kind, label = _kind(connection, health)
    entered = len(connection.model_ids)
    listed = health.model_count if health is not None else 0
    return ConnectionState(
        connection_id=connection.pk,
        name=connection.name,
        kind=kind,
        label=label,
        since=_since(connection, health, kind),
        last_success=health.succeeded_at if health else None,
        problem=health.problem if health and kind in {*WANT_A_PERSON, Kind.RATE_LIMITED} else "",
        model_count=entered or listed,
        has_entered_models=bool(entered),
        listed_at=health.listed_at if health else None,
        now=now or timezone.now(),
    )


def _health_of(connection: Connection) -> ConnectionHealth | None:
    try:
        health: ConnectionHealth = connection.health
    except ObjectDoesNotExist:
        return None
    return health


def _kind(connection: Connection, health: ConnectionHealth | None) -> tuple[Kind, str]:
    if not connection.is_enabled:
        return Kind.DISABLED, "disabled"
    if health is None:
        return Kind.NOT_CHECKED, "not checked yet"
    if health.failing_since is None:
        return Kind.WORKS, "works"
    cause = Cause(health.cause)
    if cause is Cause.NO_CREDENTIAL and connection.auth_type in CALLERS_OWN:
        return Kind.NOT_CHECKED, "not checked: it needs its caller's credential"
    if cause is not Cause.NO_LIST:
        return KINDS[cause], str(cause.label)
    if connection.model_ids:  # a connection that only lacks a list serves what was entered
        return Kind.WORKS, "works"
    if health.listed_at is not None:
        return Kind.FAILING, "no list any more"
    return Kind.NEVER_LISTED, "never listed models"


def _since(connection: Connection, health: ConnectionHealth | None, kind: Kind) -> datetime | None:
    if health is None or kind in {Kind.DISABLED, Kind.NOT_CHECKED}:
        return None
    return health.checked_at if kind is Kind.WORKS else health.failing_since
