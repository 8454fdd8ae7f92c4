"""``manage.py healthcheck`` before a server that says what it is told to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core.management import call_command

from gateway_project.healthcheck import health_of, main
from tests.support.environment import ROOT, clean_environment
from tests.support.processes import free_port

TIMEOUT_SECONDS = 30


@contextmanager
def serving(status: int, body: bytes) -> Iterator[int]:
    """The port of a server that answers so, and 200 to all but ``/readyz``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def said(code: int, **content: str) -> tuple[bool, str]:
    with serving(code, json.dumps(content).encode()) as port:
        health = health_of("127.0.0.1", port, is_live=False, timeout_seconds=TIMEOUT_SECONDS)
    return health.is_healthy, health.said


def test_a_gateway_that_is_ready_is_healthy():
    assert said(200, status="ok", database="ok") == (True, "200 ok (database: ok)")


def test_a_degraded_gateway_still_serves():
    is_healthy, words = said(200, status="degraded", database="ok", redis="down")
    assert (is_healthy, words) == (True, "200 degraded (database: ok, redis: down)")


def test_a_gateway_that_waits_for_migrate_is_not_healthy():
    reason = "Run manage.py migrate."
    assert said(503, status="migration_pending", reason=reason) == (
        False,
        f"503 migration_pending (reason: {reason})",
    )


def test_liveness_is_asked_for_by_an_option(capsys):
    with serving(503, b'{"status": "draining"}') as port:
        assert main(["--port", str(port)]) == 1
        assert main(["--port", str(port), "--live"]) == 0
    assert capsys.readouterr().out == "503 draining\n200 draining\n"


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"other": 1}'])
def test_another_server_is_told_as_one(body):
    with serving(404, body) as port:
        health = health_of("127.0.0.1", port, is_live=False, timeout_seconds=TIMEOUT_SECONDS)
    assert (health.is_healthy, health.said) == (False, "404 is no response of a gateway")


def test_nobody_there_is_one_line_and_exit_code_1(capsys):
    port = str(free_port())
    with pytest.raises(SystemExit) as ended:
        call_command("healthcheck", "--port", port)
    assert ended.value.code == 1
    assert capsys.readouterr().out.count("\n") == 1


def test_the_command_line_asks_without_loading_django():
    program = (
        "import sys; from gateway_project.command_line import main\n"
        "try: main()\n"
        "finally: assert 'django' not in sys.modules"
    )
    with serving(200, b'{"status": "ok"}') as port:
        done = subprocess.run(
            [sys.executable, "-c", program, "healthcheck", "--port", str(port)],
            cwd=ROOT,
            env=clean_environment(DATABASE_URL="nonsense"),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "200 ok\n", "")
