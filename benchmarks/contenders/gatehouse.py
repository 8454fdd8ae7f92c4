"""A gateway of its own to measure: SQLite in a new directory, one user, one connection.

The settings are those of production, and nothing is off: keys, grants, journal, metrics, log.
"""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys
from pathlib import Path

from benchmarks import processes
from benchmarks.contenders.contender import Prepared
from benchmarks.processes import Server, free_port

CONFIGURATION = """
connections:
  - name: mock
    base_url: {upstream}
    keys: [sk-mock-upstream-key]
grants:
  - models: ["mock"]
    everyone: true
"""


# The meters of as many limits as are asked for, none of which is ever reached; the third is a
# budget of money.
METERS = (("requests", "minute"), ("tokens", "day"), ("usd", "day"), ("concurrency", ""))
LIMITS = """
from datetime import UTC, datetime
from limits.models import Limit
from usage.models import Price
Price.objects.create(
    model="mock", input_per_million=1, output_per_million=2,
    valid_from=datetime(2020, 1, 1, tzinfo=UTC),
)
for metric, window in {meters!r}:
    Limit.objects.create(
        label=f"{{metric}} {{window}}", subject_kind="everyone", share="each_user", metric=metric,
        window=window, amount=10**9,
    )
"""


class Gatehouse:
    """``limits``: so many hold for the user. ``root``: the checkout, of whichever version."""

    name = "Gatehouse"

    def __init__(self, limits: int = 0, *, root: Path = processes.ROOT) -> None:
        self._meters = METERS[:limits]
        self._root = root

    def prepare(self, directory: Path, upstream: str) -> Prepared:
        port = free_port()
        environment = settings(directory)
        configuration = directory / "gatehouse.yaml"
        configuration.write_text(CONFIGURATION.format(upstream=upstream))
        self._manage(environment, "migrate", "--verbosity", "0")
        self._manage(environment, "import_config", str(configuration))
        if self._meters:
            self._manage(
                environment, "shell", "--no-imports", "-c", LIMITS.format(meters=self._meters)
            )
        made = self._manage(environment, "create_api_key", "bench", "--create-user", "--json")
        server = Server(
            command=[sys.executable, "manage.py", "serve", "--port", str(port)],
            environment=environment,
            port=port,
            ready_path="/readyz",
            root=self._root,
        )
        return Prepared(
            server=server, url=f"http://127.0.0.1:{port}/v1", key=json.loads(made)["key"]
        )

    def _manage(self, environment: dict[str, str], *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self._root,
            env=processes.environment(**environment),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


def settings(directory: Path) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "gateway_project.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATA_DIR": str(directory),
        "LOG_FORMAT": "json",
        # Set, so that no .env file names a store of somebody's.
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "DEBUG": "false",
    }
