"""Variables that are not read and whose names are nearly those of variables that are read."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from gateway_project.settings.environment import known
from gateway_project.settings.findings import warn

READ_BY_MAKE_RUN = frozenset({"HOST", "PORT"})
PREFIXES = ("GATEWAY_", "OIDC_", "OPENAI_API_", "AIOHTTP_CLIENT_")
# Kubernetes sets these for a service named gateway.
OF_KUBERNETES = re.compile(r"GATEWAY_(SERVICE_(HOST|PORT\w*)|PORT(_\d+_(TCP|UDP)\w*)?)")
# Open WebUI reads these, and its environment is read unchanged.
OF_OPEN_WEBUI = frozenset(
    {
        "AIOHTTP_CLIENT_TIMEOUT_OPENAI_MODEL_LIST",
        "AIOHTTP_CLIENT_TIMEOUT_TOOL_SERVER_DATA",
        "AIOHTTP_CLIENT_TIMEOUT_TOOL_SERVER",
        "AIOHTTP_CLIENT_SESSION_TOOL_SERVER_SSL",
        "AIOHTTP_CLIENT_ALLOW_REDIRECTS",
    }
)
SHORTEST = 6  # shorter names are like too many others
CLOSE_BEHIND_A_PREFIX = 0.7
CLOSE = 0.86


def warn_of_near_misses() -> None:
    for name, meant in near_misses(os.environ, known | READ_BY_MAKE_RUN):
        warn(name, f"{name} is not read (did you mean {meant}?). Rename it, or remove it.")


def near_misses(names: Iterable[str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each of ``names`` that is nearly one of ``known``, with that one."""
    for name in sorted(names):
        if name not in known and (meant := _meant(name, known)):
            yield name, meant


def _meant(name: str, known: Collection[str]) -> str:
    folded = name.upper().replace("-", "_").replace(".", "_")
    if folded in known:
        return folded if len(folded) >= SHORTEST else ""
    if folded in OF_OPEN_WEBUI or OF_KUBERNETES.fullmatch(folded) or len(folded) < SHORTEST:
        return ""
    prefix = next((prefix for prefix in PREFIXES if folded.startswith(prefix)), "")
    if prefix != "GATEWAY_" and any(folded.startswith(f"{each}_") for each in known):
        return ""  # such as OPENAI_API_KEY_TEAM, which a connection's env: may name
    candidates = [each.removeprefix(prefix) for each in known if each.startswith(prefix)]
    cutoff = CLOSE_BEHIND_A_PREFIX if prefix else CLOSE
    close = get_close_matches(folded.removeprefix(prefix), candidates, n=1, cutoff=cutoff)
    return f"{prefix}{close[0]}" if close else ""
