"""System checks of what an operator can set wrong."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.utils.module_loading import import_string

from gateway_project.private_files import exposed, private_paths
from gateway_project.settings import environment
from proxy.client_side.cors import is_origin

SWITCHES = frozenset({"true", "yes", "on", "1", "false", "no", "off", "0"})
MOST_NAMED = 3
SHORTEST_SECRET = 32  # bytes, as in the hash that signatures use
REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})


@register(Tags.files)
def check_data_directory(**kwargs: Any) -> Iterator[CheckMessage]:
    directory: Path = settings.DATA_DIR
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
        yield Error(
            f"DATA_DIR, {directory}, cannot be written.",
            hint="Make it and give it to the user that runs the gateway.",
            id="gateway_project.E001",
        )


@register(Tags.files)
def check_private_files(**kwargs: Any) -> Iterator[CheckMessage]:
    paths = itertools.chain([settings.DATA_DIR], private_paths(below_closed=False))
    if open_to_others := list(dict.fromkeys(path for path, _ in exposed(paths))):
        named = ", ".join(str(path) for path in open_to_others[:MOST_NAMED])
        more = len(open_to_others) - MOST_NAMED
        yield Warning(
            f"Other users of this machine have access to {named}"
            + (f" and {more} more." if more > 0 else "."),
            hint="`serve` closes what belongs to its user. Give DATA_DIR a directory of its own, "
            "and that to the user that runs the gateway: chmod -R go= DATA_DIR.",
            id="gateway_project.W002",
        )


@register(Tags.security)
def check_debug(**kwargs: Any) -> Iterator[CheckMessage]:
    if settings.DEBUG and not settings.DATABASE_IS_SQLITE:
        yield Warning(
            "DEBUG is on although DATABASE_URL names a database server.",
            hint="Unset DEBUG: with it on, error pages show settings, and missing secrets are "
            "generated.",
            id="gateway_project.W001",
        )


@register(Tags.security, deploy=True)
def check_trusted_proxies(**kwargs: Any) -> Iterator[CheckMessage]:
    is_server = not settings.DEBUG and not settings.DATABASE_IS_SQLITE
    if is_server and not environment.text("GATEWAY_TRUSTED_PROXIES"):
        yield Warning(
            "GATEWAY_TRUSTED_PROXIES is not set.",
            hint="Set it to the number of proxies in front of the gateway that add to "
            "X-Forwarded-For: 1 for the nginx of docs/operations.md, 0 for none. Behind a proxy "
            "that is not counted, all clients have one address and share its sign-in attempts.",
            id="gateway_project.W003",
        )


@register("gateway")
def check_tls_verification(**kwargs: Any) -> Iterator[CheckMessage]:
    value: str = settings.AIOHTTP_CLIENT_SESSION_SSL
    if value.lower() not in SWITCHES and not Path(value).is_file():
        yield Error(
            "AIOHTTP_CLIENT_SESSION_SSL is neither true, false, nor a file that exists.",
            hint="Give the path of a file with CA certificates in PEM form, or leave it unset.",
            id="gateway_project.E002",
        )


@register("gateway")
def check_redis_url(**kwargs: Any) -> Iterator[CheckMessage]:
    if settings.REDIS_URL and (problem := _redis_url_problem(settings.REDIS_URL)):
        yield Error(
            f"REDIS_URL cannot be used: {problem}.",
            hint="It reads redis://[[user]:password@]host:port/0, or rediss:// with TLS.",
            id="gateway_project.E003",
        )


@register("gateway")
def check_filters(**kwargs: Any) -> Iterator[CheckMessage]:
    for path in settings.GATEWAY_FILTERS:
        try:
            import_string(path)
        except ImportError as exc:
            yield Error(
                f"GATEWAY_FILTERS names {path}, which cannot be imported: {exc}.",
                hint="Give the dotted path of a class that Python finds.",
                id="gateway_project.E004",
            )
    for pattern in settings.GATEWAY_REDACTED_PATTERNS:
        try:
            re.compile(pattern)
        except re.error as exc:
            yield Error(
                f"GATEWAY_REDACTED_PATTERNS holds {pattern!r}, which is not a regular "
                f"expression: {exc}.",
                id="gateway_project.E005",
            )


@register(Tags.security)
def check_user_info_secret(**kwargs: Any) -> Iterator[CheckMessage]:
    if 0 < len(settings.GATEWAY_USER_INFO_JWT_SECRET) < SHORTEST_SECRET:
        yield Error(
            "GATEWAY_USER_INFO_JWT_SECRET is short enough to be guessed.",
            hint=f"Take at least {SHORTEST_SECRET} characters, made at random.",
            id="gateway_project.E006",
        )


@register(Tags.security)
def check_cors_origins(**kwargs: Any) -> Iterator[CheckMessage]:
    for origin in settings.GATEWAY_CORS_ORIGINS:
        if not is_origin(origin):
            yield Error(
                f"GATEWAY_CORS_ORIGINS holds {origin!r}; an origin is scheme, host and port.",
                hint="Give scheme, host and port alone, such as https://app.example, or * for all.",
                id="gateway_project.E007",
            )


def _redis_url_problem(url: str) -> str:
    """What is wrong, in words that do not hold the password."""
    import redis.connection

    try:
        scheme = urlsplit(url).scheme
        if scheme not in REDIS_SCHEMES:
            return f"it begins with {scheme}://" if scheme and "://" in url else "it is not a URL"
        address = redis.connection.parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError:
        return "its host, port or options cannot be read"
    if scheme != "unix" and not address.get("host"):
        return "it names no host"
    return ""
