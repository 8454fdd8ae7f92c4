"""Where tokens of the gateway's own identity may go, and what they may be for.

The owner of an Azure resource reads none of the requests to the hosts listed here, since Microsoft
takes them in. Hosts at which customers run code or write logs are left out on purpose, such as
``*.azure-api.net``, ``*.inference.ml.azure.com`` and ``*.azurewebsites.net``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from connections.rules.destination import DEFAULT_PORTS

AZURE_HOSTS = (
    "*.openai.azure.com",
    "*.cognitiveservices.azure.com",
    "*.services.ai.azure.com",
    "*.models.ai.azure.com",
    "*.inference.ai.azure.com",
    "*.openai.azure.us",
    "*.cognitiveservices.azure.us",
    "*.services.ai.azure.us",
    "*.openai.azure.cn",
    "*.cognitiveservices.azure.cn",
    "*.services.ai.azure.cn",
)
AZURE_SCOPES = frozenset(
    {
        "https://cognitiveservices.azure.com/.default",
        "https://cognitiveservices.azure.us/.default",
        "https://cognitiveservices.azure.cn/.default",
        "https://ai.azure.com/.default",
        "https://ai.azure.us/.default",
        "https://ai.azure.cn/.default",
    }
)
NAME = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
HOST = rf"{NAME}|\[[0-9a-f:.]+\]"
# So narrow that no parser can find another host in what matches.
PLAIN_URL = re.compile(rf"(https?)://({HOST})(?::([0-9]{{1,5}}))?(?:[/?].*)?", re.IGNORECASE)
PATTERN = re.compile(rf"(?:(https?)://)?(\*\.)?({HOST})(?::([0-9]{{1,5}}|\*))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPattern:
    """``host``, or with ``is_parent`` the names below it. A ``port`` of None stands for any."""

    scheme: str
    host: str
    is_parent: bool
    port: int | None

    @classmethod
    def parse(cls, text: str) -> HostPattern:
        """Read ``[scheme://][*.]host[:port]``, where the port may be ``*``.

        https and its port unless said otherwise. Raises ``ValueError``.
        """
        found = PATTERN.fullmatch(text)
        if found is None:
            raise ValueError("is not a host, such as api.example or *.example.com")
        scheme, host = (found[1] or "https").lower(), found[3].lower()
        if found[2] and ("." not in host or host.rpartition(".")[2].isdigit()):
            raise ValueError("is too wide: name a domain of two parts or more after *.")
        if scheme == "http" and (found[2] or not _is_loopback(host)):
            raise ValueError("is not loopback: tokens go to other hosts only by https")
        return cls(scheme=scheme, host=host, is_parent=bool(found[2]), port=_port(scheme, found[4]))

    def matches(self, scheme: str, host: str, port: int) -> bool:
        if scheme != self.scheme or self.port not in {None, port}:
            return False
        return host.endswith(f".{self.host}") if self.is_parent else host == self.host


def may_receive_identity(url: str) -> bool:
    """Whether a request to ``url`` may carry a token of the gateway's identity."""
    return _is_allowed(url, tuple(settings.GATEWAY_IDENTITY_HOSTS))


def is_identity_scope(scope: str) -> bool:
    """Whether the gateway may ask for a token for ``scope``; an empty one is the settings'."""
    return (
        scope in {"", settings.GATEWAY_ENTRA_SCOPE}
        or scope in AZURE_SCOPES
        or scope in settings.GATEWAY_IDENTITY_SCOPES
    )


def pattern_problems(patterns: Iterable[str]) -> list[str]:
    """The problems of ``patterns``: a sentence for each that no host will match."""
    problems = []
    for text in patterns:
        try:
            HostPattern.parse(text)
        except ValueError as exc:
            problems.append(f"{text} {exc}.")
    return problems


@lru_cache(maxsize=1024)
def _is_allowed(url: str, added: tuple[str, ...]) -> bool:
    found = PLAIN_URL.fullmatch(url)
    if found is None:
        return False
    scheme, host = found[1].lower(), found[2].lower()
    port = int(found[3] or DEFAULT_PORTS[scheme])
    return any(each.matches(scheme, host, port) for each in _patterns(added))


@lru_cache(maxsize=8)
def _patterns(added: tuple[str, ...]) -> tuple[HostPattern, ...]:
    """Azure's and the ``added`` ones; of these none that cannot be read, which a check tells."""
    good = [text for text in added if not pattern_problems([text])]
    return tuple(HostPattern.parse(text) for text in (*AZURE_HOSTS, *good))


def _port(scheme: str, text: str | None) -> int | None:
    if text == "*":
        return None
    return int(text) if text else DEFAULT_PORTS[scheme]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
