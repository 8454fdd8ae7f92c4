"""Connections, models and grants from the database, read in eight queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from connections.calling.resolve import resolve
from connections.configuration.options import Options, effective_options
from connections.models import Connection
from connections.upstream import Upstream
from models_registry.grants import Grants
from models_registry.models import ModelGrant, RegisteredModel
from models_registry.registration import Registration
from resilience.loading import load_routes
from resilience.route import NO_ROUTES, Routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """``upstreams`` are the enabled ones, in order of priority; ``routes`` name others, too.

    ``registrations`` are by the connection's id, then by the upstream's name of the model.
    """

    upstreams: list[Upstream]
    grants: Grants
    options: Options
    registrations: Mapping[int, Mapping[str, Registration]] = field(default_factory=dict)
    routes: Routes = NO_ROUTES


def load_configuration() -> Configuration:
    """Blocks on the database; call it from a thread."""
    options = effective_options()
    rows = Connection.objects.enabled().by_priority().prefetch_related("keys")
    upstreams = [resolve(row) for row in rows] if options.enable_openai_api else []
    return Configuration(
        upstreams=upstreams,
        grants=load_grants(),
        options=options,
        registrations=load_registrations(),
        routes=load_routes(),
    )


def load_registrations() -> dict[int, dict[str, Registration]]:
    registrations: defaultdict[int, dict[str, Registration]] = defaultdict(dict)
    for row in RegisteredModel.objects.iterator():
        registrations[row.connection_id][row.model] = row.registration()
    return dict(registrations)


def load_grants() -> Grants:
    everyone: set[str] = set()
    by_group: defaultdict[int, set[str]] = defaultdict(set)
    by_user: defaultdict[int, set[str]] = defaultdict(set)
    rows = ModelGrant.objects.values_list("pattern", "group_id", "user_id")
    for pattern, group_id, user_id in rows.iterator():
        if group_id is not None:
            by_group[group_id].add(pattern)
        elif user_id is not None:
            by_user[user_id].add(pattern)
        else:
            everyone.add(pattern)
    return Grants(
        everyone=frozenset(everyone),
        by_group={group: frozenset(patterns) for group, patterns in by_group.items()},
        by_user={user: frozenset(patterns) for user, patterns in by_user.items()},
    )
