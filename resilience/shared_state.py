"""What workers tell each other of a key or a target, as JSON without a secret.

    {"connection": 3, "key": "b3…", "model": "gpt-4o", "state": "cooling",
     "ends_at": 1764345600.5, "reason": "429"}

``key`` is empty for a target. ``model`` is null for every model of a key. ``ends_at`` is in seconds
since the epoch, 0 where the state is ``ok``.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from enum import StrEnum

from django.utils.crypto import salted_hmac

from connections.upstream import UpstreamKey

LONGEST_REASON = 200
LONGEST_TEXT = 16 * 1024


class State(StrEnum):
    OK = "ok"
    COOLING = "cooling"
    DEAD = "dead"  # of keys
    OPEN = "open"  # of targets: the breaker is


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedState:
    """``key`` is a :func:`fingerprint`."""

    connection: int
    model: str | None
    state: State
    key: str = ""
    ends_at: float = 0.0
    reason: str = ""

    @property
    def owner(self) -> str:
        """The beginning that the places of a key share, or the one place of a target."""
        if self.key:
            return f"{self.connection}:key:{self.key}:"
        return f"{self.connection}:target:{self.model}"

    @property
    def place(self) -> str:
        """Where the state is kept. A later one of the same takes its place."""
        if not self.key:
            return self.owner
        return f"{self.owner}*" if self.model is None else f"{self.owner}model:{self.model}"

    def dumps(self) -> str:
        return json.dumps(asdict(self))


def fingerprint(key: UpstreamKey) -> str:
    """A name of ``key`` that changes with its secret and does not tell it."""
    text = f"{key.id}\0{key.secret}"
    return salted_hmac("resilience.shared_state", text).hexdigest()[:16]


def loads(text: str | bytes) -> SharedState | None:
    """Read what :meth:`SharedState.dumps` wrote; None if it is anything else.

    Others may write to the same Redis: pages can show what is returned.
    """
    if len(text) > LONGEST_TEXT:
        return None
    try:
        match json.loads(text):
            case {
                "connection": int(connection),
                "model": str() | None as model,
                "state": str(state),
                "key": str(key),
                "ends_at": float() | int() as ends_at,
                "reason": str(reason),
            } if math.isfinite(ends_at) and reason.isprintable():
                (model or "").encode()  # half a surrogate pair could not be shown
                return SharedState(
                    connection=connection,
                    model=model,
                    state=State(state),
                    key=key,
                    ends_at=float(ends_at),
                    reason=reason[:LONGEST_REASON],
                )
    except (ValueError, OverflowError, RecursionError):  # of another version, perhaps
        return None
    return None
