"""PgBouncer in front of the test's PostgreSQL, on a free loopback port."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg

from tests.support.parts import Part
from tests.support.processes import PATIENCE_SECONDS, free_port, wait_until

CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
"""
NOBODY = ("-u", "nobody")  # it does not run as root


@contextmanager
def pooled(program: Part, database_url: str, *, mode: str, size: int) -> Iterator[str]:
    """The URL of the database of ``database_url`` behind a pooler with ``size`` sessions."""
    parts, port = urlsplit(database_url), free_port()
    url = urlunsplit(parts._replace(netloc=f"anybody@127.0.0.1:{port}"))
    with TemporaryDirectory(prefix="gatehouse-pgbouncer-") as directory:
        file = Path(directory) / "pgbouncer.ini"
        file.write_text(
            CONFIGURATION.format(server=_server_of(database_url), port=port, mode=mode, size=size)
        )
        Path(directory).chmod(0o755)
        file.chmod(0o644)
        command = [program.address, "-q", *(NOBODY if os.geteuid() == 0 else ()), str(file)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: _is_answering(url), what="PgBouncer")
            yield url
        finally:
            process.kill()
            process.wait(PATIENCE_SECONDS)


def _server_of(database_url: str) -> str:
    parts = urlsplit(database_url)
    values = {
        "host": parts.hostname or "127.0.0.1",
        "port": str(parts.port or 5432),
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password or ""),
    }
    return " ".join(f"{name}={value}" for name, value in values.items() if value)


def _is_answering(url: str) -> bool:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=20) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
