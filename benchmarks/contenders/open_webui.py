"""Open WebUI without its models for documents and speech, asked with an API key."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

from benchmarks.contenders.contender import Prepared, UnavailableError
from benchmarks.contenders.packages import installed
from benchmarks.processes import Server, free_port, running

VERSION = "0.12.4"
ADMIN = {"name": "bench", "email": "bench@example.com", "password": "a-benchmark-password"}


class OpenWebUI:
    name = f"Open WebUI {VERSION}"

    def prepare(self, directory: Path, upstream: str) -> Prepared:
        """Start it once, for its tables and the first user, who may use all models."""
        programs, port = installed(f"open-webui=={VERSION}"), free_port()
        command = [str(programs / "open-webui"), "serve", "--host", "127.0.0.1"]
        server = Server(
            command=[*command, "--port", str(port)],
            environment=settings(directory, upstream),
            port=port,
            ready_path="/health",
            start_seconds=240,
        )
        with running(server, directory / "first.log"):
            token = post(port, "/api/v1/auths/signup", ADMIN, "")["token"]
            key = post(port, "/api/v1/auths/api_key", {}, token)["api_key"]
        return Prepared(server=server, url=f"http://127.0.0.1:{port}/api", key=key)


def settings(directory: Path, upstream: str) -> dict[str, str]:
    return {
        "DATA_DIR": str(directory),
        "WEBUI_SECRET_KEY": "a-secret-for-the-benchmark",
        "OPENAI_API_BASE_URL": upstream,
        "OPENAI_API_KEY": "sk-mock-upstream-key",
        "ENABLE_OLLAMA_API": "false",
        "ENABLE_API_KEYS": "true",
        "GLOBAL_LOG_LEVEL": "WARNING",
        # Loads no model and asks nobody at the start.
        "OFFLINE_MODE": "true",
        "HF_HUB_OFFLINE": "1",
        "RAG_EMBEDDING_ENGINE": "openai",
        "ANONYMIZED_TELEMETRY": "false",
        "DO_NOT_TRACK": "true",
        "SCARF_NO_ANALYTICS": "true",
    }


def post(port: int, path: str, body: dict[str, str], token: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    try:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise UnavailableError(f"{path} answered {response.status}: {answer[:200]!r}")
    made: dict[str, Any] = json.loads(answer)
    return made
