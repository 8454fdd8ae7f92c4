"""System checks of connections. What needs the database runs with ``check --database default``."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import DatabaseError

from accounts.checks import check_encryption_keys
from accounts.encryption import EncryptionError
from connections.choices import GATEWAYS_IDENTITY, AuthType, ConnectionType
from connections.models import Connection, ConnectionKey
from connections.rules.addresses import is_private_address
from connections.rules.gateway_identity import (
    is_identity_scope,
    may_receive_identity,
    pattern_problems,
)
from connections.rules.key_paths import read_key_file
from connections.rules.mending import bare_key, key_problem
from connections.rules.secret_files import SecretFileError

WHO_COULD_ACT_AS_THEM = (
    "The operator of that upstream can act as its callers. Use another authentication, or set "
    "connection_type to internal if the upstream is your own."
)
LOCAL_DOMAINS = (".local", ".internal", ".localhost", ".lan", ".home.arpa", ".svc")


@register("connections")
def check_environment(**kwargs: Any) -> list[CheckMessage]:
    """The connections that Open WebUI's variables describe."""
    from connections.configuration.environment import environment_connections

    return [
        Warning(
            warning,
            hint="docs/configuration.md lists the variables and what each may hold.",
            id="connections.W001",
        )
        for warning in environment_connections().warnings
    ]


@register("connections")
def check_identity_hosts(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"GATEWAY_IDENTITY_HOSTS: {problem}",
            hint="Write [scheme://][*.]host[:port], such as api.example or http://127.0.0.1:*.",
            id="connections.E001",
        )
        for problem in pattern_problems(settings.GATEWAY_IDENTITY_HOSTS)
    ]


@register(Tags.database)
def check_stored_connections(*, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases or check_encryption_keys():
        return []
    try:
        rows = list(Connection.objects.enabled().by_priority().prefetch_related("keys"))
    except DatabaseError:  # before the first migration
        return []
    return [message for row in rows for message in _messages(row)]


def _messages(row: Connection) -> Iterator[CheckMessage]:
    for key in row.keys.all():
        yield from _key_messages(row, key)
    if row.base_url.startswith("http://") and not _is_private(row.base_url):
        yield Warning(
            f"The connection {row.name} sends its key and every request in the clear.",
            hint="Use https:// in its base URL.",
            id="connections.W004",
        )
    if problem := exposure_of(row):
        yield Warning(problem, hint=WHO_COULD_ACT_AS_THEM, id="connections.W006")
    if problem := _identity_problem(row):
        yield Warning(
            f"The connection {row.name} is not called: {problem}.",
            hint="Change it, or add to GATEWAY_IDENTITY_HOSTS and GATEWAY_IDENTITY_SCOPES.",
            id="connections.W007",
        )
    if row.verify_tls == "false":
        yield Warning(
            f"The connection {row.name} accepts any TLS certificate.",
            hint="Set its verify_tls to true, or to the path of a CA file.",
            id="connections.W005",
        )


def _identity_problem(row: Connection) -> str:
    """Why a connection that was stored before the rule gets no token of the gateway's identity."""
    if row.auth_type not in GATEWAYS_IDENTITY:
        return ""
    if not may_receive_identity(row.base_url):
        return "tokens of the gateway's identity do not go to its host"
    return "" if is_identity_scope(row.auth_scope) else "the gateway asks for no token of its scope"


def _key_messages(row: Connection, key: ConnectionKey) -> Iterator[CheckMessage]:
    if key.file_path:
        yield from _file_messages(row, key.file_path)
        return
    if key.environment_variable:
        value = bare_key(os.environ.get(key.environment_variable, ""))
        if value and (problem := key_problem(value)):
            yield Warning(
                f"The connection {row.name} takes a key from the environment variable "
                f"{key.environment_variable}, which {problem}.",
                hint="Correct it for every worker.",
                id="connections.W008",
            )
        if not value:
            yield Warning(
                f"The connection {row.name} takes a key from the environment variable "
                f"{key.environment_variable}, which is not set.",
                hint="Set it for every worker, or give the connection another key.",
                id="connections.W003",
            )
        return
    try:
        key.source()
    except EncryptionError as exc:
        yield Warning(
            f"The key {key.masked} of the connection {row.name} cannot be read: {exc}.",
            hint="Put the missing key back into ENCRYPTION_KEYS, or enter the connection's key "
            "again.",
            id="connections.W002",
        )


def _file_messages(row: Connection, path: str) -> Iterator[CheckMessage]:
    try:
        problem = key_problem(bare_key(read_key_file(path)))
    except SecretFileError as exc:
        problem = str(exc)
    if problem:
        yield Warning(
            f"The connection {row.name} takes a key from the file {path}, which {problem}.",
            hint="Put the key there, for the gateway's user to read. No restart is needed.",
            id="connections.W009",
        )


def exposure_of(row: Connection) -> str:
    """What of its callers' own an upstream gets that is not one's own, in words; else empty."""
    is_internal = row.connection_type == ConnectionType.INTERNAL or _is_private(row.base_url)
    if is_internal or not (row.auth_type == AuthType.SESSION or row.forward_cookies):
        return ""
    shared = "credentials" if row.auth_type == AuthType.SESSION else "cookies"
    return (
        f"The connection {row.name} passes its callers' own {shared} on to an upstream that is "
        "not internal."
    )


def _is_private(url: str) -> bool:
    """Whether the host is surely on one's own network. A name is not looked up."""
    host = urlsplit(url).hostname or ""
    try:
        return is_private_address(ipaddress.ip_address(host))
    except ValueError:
        return "." not in host or host.endswith(LOCAL_DOMAINS)
