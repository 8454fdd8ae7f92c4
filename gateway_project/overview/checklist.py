"""The way from an empty installation to the first request: steps that tick themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from gateway_project.overview.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``button`` leads to ``url``, empty for a viewer who may not. ``is_next``: the first to do."""

    title: str
    why: str
    is_done: bool
    button: str
    url: str
    is_next: bool = False


def checklist(facts: Facts, viewer: Any) -> tuple[Step, ...]:
    """Empty once a request was recorded."""
    if facts.has_request:
        return ()
    steps = _steps(facts, viewer)
    following = next((step for step in steps if not step.is_done), None)
    return tuple(replace(step, is_next=step is following) for step in steps)


def _steps(facts: Facts, viewer: Any) -> list[Step]:
    def allowed(permission: str, name: str) -> str:
        return reverse(name) if viewer.has_perm(permission) else ""

    return [
        Step(
            title="Add a connection",
            why="A provider's URL and key; its models are listed by themselves.",
            is_done=facts.has_connection,
            button="Add a connection",
            url=allowed("connections.add_connection", "admin:connections_connection_add"),
        ),
        Step(
            title="Let people use models",
            why="Administrators may use all; everybody else needs a grant.",
            is_done=facts.has_grant or facts.is_bypassed,
            button="Choose models",
            url=allowed("models_registry.add_modelgrant", "admin:models_registry_access"),
        ),
        Step(
            title="Make a key",
            why="Programs send it with each request.",
            is_done=facts.has_key,
            button="Make a key",
            url=allowed("accounts.add_apikey", "admin:accounts_apikey_add"),
        ),
        Step(
            title="Send the first request",
            why="With any tool that takes a base URL and a key. It shows up here a second later.",
            is_done=facts.has_request,
            button="Show how",
            url=reverse("portal:start"),
        ),
    ]
