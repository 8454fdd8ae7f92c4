"""The database as a configuration file that reads back to the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml
from django.contrib.auth.models import Group

from connections.configuration.spec import ConnectionSpec
from connections.models import Connection, GatewaySettings
from gateway_project.config_file.document import SETTINGS_READERS
from limits.configuration.spec import LimitSpec
from limits.models import Limit
from limits.models.limits import SUBJECT_FIELDS
from models_registry.models import ModelGrant, RegisteredModel
from models_registry.spec import RegisteredModelSpec
from resilience.configuration.policies import PolicySpec
from resilience.configuration.routes import RouteSpec
from resilience.models import ResiliencePolicy, Route

CREDENTIAL_HEADER = re.compile(r"auth|cookie|key|password|secret|token", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """``left_out`` says in sentences which secrets are not in ``content``."""

    content: str
    left_out: tuple[str, ...] = ()


def export_document(*, with_secrets: bool) -> Export:
    """Everything a configuration file can hold, in an order that does not depend on chance.

    Raises :class:`accounts.encryption.EncryptionError` when a key is wanted and cannot be read.
    """
    left_out: list[str] = []
    sections: dict[str, Any] = {
        "connections": [
            _connection(row, with_secrets, left_out).to_dict()
            for row in Connection.objects.order_by("url_index").prefetch_related("keys")
        ],
        "models": [
            RegisteredModelSpec.of(row).to_dict()
            for row in RegisteredModel.objects.order_by(
                "connection__url_index", "model"
            ).select_related("connection")
        ],
        "policies": [PolicySpec.of(row).to_dict() for row in ResiliencePolicy.objects.all()],
        "routes": list(_routes(left_out)),
        "grants": list(_grants()),
        "groups": list(_groups()),
        "limits": list(_limits()),
        "settings": _settings(),
    }
    content = yaml.safe_dump(
        {name: section for name, section in sections.items() if section},
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    return Export(content=content, left_out=tuple(left_out))


def _connection(row: Connection, with_secrets: bool, left_out: list[str]) -> ConnectionSpec:
    keys = row.keys.all()
    if with_secrets or all(key.is_reference for key in keys):
        spec = ConnectionSpec.of(row, keys=tuple(key.source() for key in keys))
    else:
        # An import without `keys` leaves the stored keys alone; with some, it drops the rest.
        spec = ConnectionSpec.of(row, keys=None)
        left_out.append(f"The keys of {row.name} are left out.")
    if with_secrets:
        return replace(spec, proxy=row.open_proxy_url())
    if (masked := row.masked_proxy) != spec.proxy:
        left_out.append(f"The password of the proxy of {row.name} is left out.")
    plain = tuple(pair for pair in spec.headers if not CREDENTIAL_HEADER.search(pair[0]))
    for name, _ in set(spec.headers) - set(plain):
        left_out.append(f"The header {name} of {row.name} is left out.")
    return replace(spec, headers=plain, proxy=masked)


def _routes(left_out: list[str]) -> Iterator[dict[str, Any]]:
    """Without targets whose connection was deleted; a route that has no others is left out.

    Otherwise an import would have it served by every connection that offers its id.
    """
    for row in Route.objects.select_related("policy"):
        spec = RouteSpec.of(row)
        targets = tuple(target for target in spec.targets if target.connection)
        if len(targets) < len(spec.targets):
            what = f"Targets of the route {row.model}" if targets else f"The route {row.model}"
            left_out.append(f"{what} without a connection: left out.")
        if targets or not spec.targets:
            yield replace(spec, targets=targets).to_dict()


def _grants() -> Iterator[dict[str, Any]]:
    """One entry for all patterns that are granted to the same groups and users."""
    grantees: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for grant in ModelGrant.objects.select_related("group", "user"):
        if grant.group:
            grantees[grant.pattern].add(("groups", grant.group.name))
        elif grant.user:
            grantees[grant.pattern].add(("users", grant.user.username))
        else:
            grantees[grant.pattern].add(("everyone", ""))
    patterns: defaultdict[frozenset[tuple[str, str]], list[str]] = defaultdict(list)
    for pattern, those in sorted(grantees.items()):
        patterns[frozenset(those)].append(pattern)
    for shared, models in patterns.items():
        entry: dict[str, Any] = {"models": models}
        for kind in ("groups", "users"):
            if names := sorted(name for what, name in shared if what == kind):
                entry[kind] = names
        yield entry | ({"everyone": True} if ("everyone", "") in shared else {})


def _groups() -> Iterator[dict[str, Any]]:
    for group in Group.objects.order_by("name").prefetch_related("user_set"):
        yield {"name": group.name, "users": sorted(user.username for user in group.user_set.all())}


def _limits() -> Iterator[dict[str, Any]]:
    for row in Limit.objects.select_related(*SUBJECT_FIELDS, "connection_key__connection"):
        yield LimitSpec.of(row).to_dict()


def _settings() -> dict[str, Any]:
    row = GatewaySettings.load()
    values = {name: getattr(row, name) for name in SETTINGS_READERS}
    return {name: value for name, value in values.items() if value is not None}
