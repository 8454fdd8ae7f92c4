"""Routes over scripted upstreams, as a configuration file has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.support.api import client_of, listed
from tests.support.live import LiveGateway
from tests.support.processes import wait_until
from tests.support.upstream import ScriptedUpstream

# Upstreams that fail would be asked for their models all the time.
SETTINGS = {"models_cache_ttl": 3600}
EVERYBODY = [{"models": ["*"], "everyone": True}]


def slug(*parts: str) -> str:
    """``parts`` as the name of a connection, or the id of a model."""
    return "-".join("".join(c if c.isalnum() else "-" for c in part) for part in parts)


def connection(
    name: str, upstream: ScriptedUpstream | str, *models: str, **fields: Any
) -> dict[str, Any]:
    """A connection that offers ``models``; its key is named after it unless ``keys`` are given."""
    url = upstream if isinstance(upstream, str) else upstream.url
    shared = {"name": name, "base_url": url, "keys": [f"sk-{name}"], "provider": "compatible"}
    return shared | {"model_ids": list(models)} | fields


def route(model: str, *targets: str | dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A route over connections that know the model by the same name, one tier each.

    A target that is an object is taken as it is.
    """
    told = [
        {"connection": target, "model": model, "tier": tier} if isinstance(target, str) else target
        for tier, target in enumerate(targets, 1)
    ]
    return {"model": model, "targets": told, **fields}


def routed(
    gateway: LiveGateway,
    connections: Iterable[dict[str, Any]],
    routes: Iterable[dict[str, Any]] = (),
    **sections: Any,
) -> str:
    """Import it all, and return the key of someone who may use every model that is there."""
    document = {"connections": list(connections), "routes": list(routes), **sections}
    key = gateway.configured_for("alice", grants=EVERYBODY, settings=SETTINGS, **document)
    expected = {each["model"] for each in document["routes"]}
    expected |= {model for each in document["connections"] for model in each["model_ids"]}
    with client_of(gateway, key) as client:
        wait_until(lambda: expected <= listed(client), what="the routes")
    return key
