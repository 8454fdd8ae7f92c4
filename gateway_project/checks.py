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
from gateway_project.settings import environment, findings, forms
from proxy.client_side.cors import is_origin

MOST_NAMED = 3
SHORTEST_SECRET = 32  # bytes, as in the hash that signatures use


@register(Tags.security)
def check_environment(**kwargs: Any) -> Iterator[CheckMessage]:
    """Tell of values that were mended. Values that cannot be mended end every command before."""
    for warning in findings.mended:
        yield Warning(warning, id="gateway_project.W004")


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
            hint="Set it to the addresses of the proxies in front of the gateway, such as "
            "127.0.0.1,::1 for one on this machine, or to their number; 0 for none. Behind a proxy "
            "that is not trusted, all clients have one address and share its sign-in attempts, and "
            "pages redirect to themselves.",
            id="gateway_project.W003",
        )


@register("gateway")
def check_public_path(**kwargs: Any) -> Iterator[CheckMessage]:
    """Below such a path nobody could tell whether a proxy has stripped it."""
    path = urlsplit(settings.GATEWAY_PUBLIC_URL).path
    if not path:
        return
    from gateway_project.api_requests import PAGE_SEGMENTS  # imports all views, for this alone
    from gateway_project.api_urls import API_SEGMENTS

    if path.lstrip("/").partition("/")[0] in API_SEGMENTS | PAGE_SEGMENTS:
        yield Error(
            f"The path of GATEWAY_PUBLIC_URL, {path}, begins like a path of the gateway itself.",
            hint="Choose another, such as /gatehouse. URLs of the API then begin with "
            "/gatehouse/v1.",
            id="gateway_project.E016",
        )


@register("gateway")
def check_tls_verification(**kwargs: Any) -> Iterator[CheckMessage]:
    if forms.tls_problem(settings.AIOHTTP_CLIENT_SESSION_SSL):
        yield Error(
            "AIOHTTP_CLIENT_SESSION_SSL is neither true, false, nor a file that exists.",
            hint="Give the path of a file with CA certificates in PEM form, or leave it unset.",
            id="gateway_project.E002",
        )


@register("gateway")
def check_redis_url(**kwargs: Any) -> Iterator[CheckMessage]:
    if not settings.REDIS_URL:
        return
    from infrastructure.redis_servers import problem_of  # slow to import

    if problem := problem_of(settings.REDIS_URL):
        yield Error(
            f"REDIS_URL cannot be used: {problem}.",
            hint="It reads redis://[[user]:password@]host:port/0, or rediss:// with TLS; with "
            "Sentinel redis+sentinel://[[user]:password@]host:port,host:port/master/0, or "
            "rediss+sentinel://.",
            id="gateway_project.E003",
        )


@register("gateway")
def check_usage_journal(**kwargs: Any) -> Iterator[CheckMessage]:
    if settings.GATEWAY_USAGE_JOURNAL == "redis" and not settings.REDIS_URL:
        yield Error(
            "GATEWAY_USAGE_JOURNAL is redis, and REDIS_URL is not set.",
            hint="Set REDIS_URL, or leave usage records to files.",
            id="gateway_project.E017",
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
