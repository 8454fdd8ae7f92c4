"""A gateway of its own to measure: SQLite in a temporary directory, one user, one connection."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CONFIGURATION = """
connections:
  - name: mock
    base_url: http://127.0.0.1:{port}/v1
    keys: [sk-mock-upstream-key]
grants:
  - models: ["mock"]
    everyone: true
"""


def prepare(directory: Path, upstream_port: int) -> tuple[dict[str, str], str]:
    """The environment of the gateway, and an API key of an ordinary user."""
    environment = {"DATA_DIR": str(directory), "DATABASE_URL": "", "REDIS_URL": "", "DEBUG": "0"}
    configuration = directory / "gatehouse.yaml"
    configuration.write_text(CONFIGURATION.format(port=upstream_port))
    manage(environment, "migrate", "--verbosity", "0")
    manage(environment, "import_config", str(configuration))
    made = manage(environment, "create_api_key", "bench", "--create-user", "--json")
    return environment, json.loads(made)["key"]


def manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
