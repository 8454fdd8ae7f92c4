"""What the settings say: what `check` finds, and switches that take protection away."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks

from connections.calling.resolve import OFF
from connections.configuration.options import effective_options
from gateway_project.doctor.finding import Finding, State
from gateway_project.settings import environment

# Django's checks of models, templates and the like concern who develops Gatehouse.
TAGS = ("security", "files", "gateway", "connections", "database")


def settings_findings(*, with_database: bool) -> Iterator[Finding]:
    """``with_database``: also the checks that look into it."""
    is_server = not settings.DEBUG and not settings.DATABASE_IS_SQLITE
    messages = checks.run_checks(
        tags=TAGS,
        include_deployment_checks=is_server,
        databases=["default"] if with_database else None,
    )
    shown = [message for message in messages if not message.is_silenced()]
    for message in shown:
        is_error = message.level >= checks.ERROR
        yield Finding(
            part="settings",
            said=f"{message.msg} ({message.id})",
            state=State.BROKEN if is_error else State.DEGRADED,
            remedy=str(message.hint or ""),
        )
    if not shown:
        mode = "of a server" if is_server else "of a local run"
        yield Finding(part="settings", said=f"in order, {mode}, time zone {settings.TIME_ZONE}")


def bypasses_access(*, with_database: bool) -> bool:
    """Whether every user may use every model, by the environment or by an admin's word."""
    if with_database:
        return effective_options().bypass_model_access_control
    return bool(settings.BYPASS_MODEL_ACCESS_CONTROL)


def switch_findings(*, bypasses: bool) -> Iterator[Finding]:
    """A finding for each switch that is unsafe outside of a trusted network or a test.

    ``bypasses``: access to models is not controlled.
    """
    unsafe = {
        "DEBUG": (settings.DEBUG, "error pages show how the gateway works"),
        "BYPASS_MODEL_ACCESS_CONTROL": (bypasses, "every user may use every model"),
        "AIOHTTP_CLIENT_SESSION_SSL": (
            settings.AIOHTTP_CLIENT_SESSION_SSL.lower() in OFF,
            "no certificate of an upstream is checked",
        ),
        "GATEWAY_PASSTHROUGH": (
            settings.GATEWAY_PASSTHROUGH,
            "superusers reach every path of a connection",
        ),
        "GATEWAY_QUERY_KEYS": (settings.GATEWAY_QUERY_KEYS, "proxies may log keys"),
        "GATEWAY_CORS_ORIGINS": (
            "*" in settings.GATEWAY_CORS_ORIGINS,
            "pages of every site may read responses",
        ),
        "GATEWAY_JWT_NEW_USERS": (
            bool(settings.GATEWAY_JWT_ISSUER) and settings.GATEWAY_JWT_NEW_USERS == "active",
            "everybody with a token of the issuer is let in",
        ),
        "GATEWAY_HTTPS": (
            not environment.switch("GATEWAY_HTTPS", default=True),
            "passwords and cookies travel in the clear",
        ),
    }
    found = [(name, why) for name, (is_unsafe, why) in unsafe.items() if is_unsafe]
    for name, why in found:
        yield Finding(
            part="switches",
            said=f"{name} is unsafe as it is set: {why}.",
            state=State.DEGRADED,
            remedy=f"Unset {name} unless this is meant.",
        )
    if not found:
        yield Finding(part="switches", said="none is set to an unsafe value")
