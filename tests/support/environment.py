"""Environments without what the developer's shell or ``.env`` file says about a gateway."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = frozenset(
    {
        "ALLOWED_HOSTS",
        "BYPASS_MODEL_ACCESS_CONTROL",
        "CSRF_TRUSTED_ORIGINS",
        "DATABASE_URL",
        "DATA_DIR",
        "DEBUG",
        "DJANGO_SETTINGS_MODULE",
        "ENABLE_FORWARD_USER_INFO_HEADERS",
        "ENABLE_OPENAI_API",
        "ENCRYPTION_KEYS",
        "HOST",
        "LOG_FORMAT",
        "LOG_LEVEL",
        "MODELS_CACHE_TTL",
        "PORT",
        "REDIS_URL",
        "SECRET_KEY",
    }
)
PREFIXES = ("AIOHTTP_CLIENT_", "GATEWAY_", "OIDC_", "OPENAI_API_")
# Of pytest: with the name of the test at hand no two tests would have the same environment.
OF_THE_TEST = "PYTEST_CURRENT_TEST"


def is_ours(name: str) -> bool:
    """Whether a gateway would read the variable ``name``."""
    return name.removesuffix("_FILE") in NAMES or name.startswith(PREFIXES)


def clean_environment(**values: str) -> dict[str, str]:
    """This process's environment, in which only ``values`` configure a gateway."""
    kept = {name: value for name, value in os.environ.items() if not is_ours(name)}
    kept.pop(OF_THE_TEST, None)
    return hidden_dotenv() | kept | values


def clean_own_environment() -> None:
    """Make the environment of this process a clean one, before any settings are read."""
    for name in [name for name in os.environ if is_ours(name)]:
        del os.environ[name]
    os.environ.update(hidden_dotenv())


def hidden_dotenv() -> dict[str, str]:
    """The names that ``.env`` would fill in, set to nothing so that it does not."""
    dotenv = ROOT / ".env"
    lines = dotenv.read_text().splitlines() if dotenv.exists() else []
    names = (line.removeprefix("export ").partition("=")[0].strip() for line in lines)
    return {name: "" for name in names if name and is_ours(name)}


def made_up_secrets() -> dict[str, str]:
    """What the production settings refuse to go without."""
    return {
        # All gateways of the tests share a Redis, which is to know them as one gateway.
        "SECRET_KEY": hashlib.sha256(b"the gateways of the tests").hexdigest(),
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    }
