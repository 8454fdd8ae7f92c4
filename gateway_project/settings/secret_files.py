"""Secrets that ``NAME_FILE`` gives the path of, in the place of ``NAME``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from connections.rules.mending import mended
from connections.rules.secret_files import SecretFileError, read_secret_file
from gateway_project.settings.findings import refuse, shape

# The variables that may have a file, and what takes the place of line breaks in it. None: the file
# holds a single line.
SECRETS = {
    "SECRET_KEY": None,
    "DATABASE_URL": None,
    "REDIS_URL": None,
    "ENCRYPTION_KEYS": ",",
    "OPENAI_API_KEY": ";",
    "OPENAI_API_KEYS": ";",
    "OPENAI_API_CONFIGS": "\n",
    "OIDC_CLIENT_SECRET": None,
    "GATEWAY_UPSTREAM_PROXY": None,
    "GATEWAY_METRICS_TOKEN": None,
    "GATEWAY_USER_INFO_JWT_SECRET": None,
    "GATEWAY_WEBHOOK_SECRET": None,
    "EMAIL_URL": None,
}
OF_UPSTREAMS = frozenset({"OPENAI_API_KEY", "OPENAI_API_KEYS"})


def raw_value(name: str) -> str:
    """The value of ``name``, which may stand in the file that ``NAME_FILE`` names."""
    value = os.environ.get(name, "")
    path = _path(name)
    if not path:
        return value
    if value.strip():
        refuse(name, f"{name} and {name}_FILE are both set. Keep one of them.")
        return ""
    try:
        return _joined(name, read_secret_file(Path(path)))
    except SecretFileError as exc:
        # What is no path may be the secret itself, put into the wrong one of the two variables.
        is_path = path.startswith(("/", "./", "../"))
        told = f"Its path is {path}" if is_path else f"It is {shape(path)}, and takes a path"
        refuse(name, f"{name}_FILE names a file that {exc}. {told}.")
        return ""


def own_files() -> Iterator[str]:
    """The paths of files that hold secrets of the gateway itself."""
    yield from filter(None, (_path(name) for name in SECRETS if name not in OF_UPSTREAMS))


def _path(name: str) -> str:
    return mended(os.environ.get(f"{name}_FILE", ""))[0] if name in SECRETS else ""


def _joined(name: str, content: str) -> str:
    separator, lines = SECRETS[name], content.splitlines()
    if len(lines) < 2:
        return content
    if separator is None:
        refuse(name, f"{name}_FILE names a file of {len(lines)} lines. It holds one.")
        return ""
    return separator.join(lines)
