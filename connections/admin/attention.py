"""One summary of the connections that need a person, by cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from connections.admin.from_above import states_now
from connections.health.state import ConnectionState
from connections.models import Connection

MOST_NAMED = 5  # of a cause, in the line; all are in the details


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """``line`` is a sentence with the causes, ``states`` the connections behind it."""

    line: str
    states: Sequence[ConnectionState]


def attention() -> Attention | None:
    """None where no connection needs a person. One query."""
    rows = Connection.objects.enabled().with_health().by_priority()
    return attention_of(states_now(rows), len(rows))


def attention_of(states: Sequence[ConnectionState], total: int) -> Attention | None:
    failing = [state for state in states if state.wants_a_person]
    if not failing:
        return None
    by_label: defaultdict[str, list[str]] = defaultdict(list)
    for state in failing:
        by_label[state.label].append(state.name)
    causes = ", ".join(f"{label} ({_named(names)})" for label, names in by_label.items())
    needs = "needs" if len(failing) == 1 else "need"
    return Attention(
        line=f"{len(failing):,} of {total:,} enabled connections {needs} you: {causes}.",
        states=failing,
    )


def _named(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
