"""PgBouncer in front of the test's PostgreSQL, on a free loopback port."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg

from tests.support.parts import Part
from tests.support.processes import PATIENCE_SECONDS, free_port, wait_until

NOBODY = ("-u", "nobody")  # it does not run as root


@contextmanager
def pooled(program: Part, database_url: str, **settings: str) -> Iterator[str]:
    """The URL of the database of ``database_url`` behind a pooler with ``settings``."""
    parts, port = urlsplit(database_url), free_port()
    url = urlunsplit(parts._replace(netloc=f"anybody@127.0.0.1:{port}"))
    configuration = ConfigParser(interpolation=None)
    configuration["databases"] = {"*": _server_of(database_url)}
    own = {"listen_addr": "127.0.0.1", "listen_port": str(port), "unix_socket_dir": ""}
    configuration["pgbouncer"] = settings | own | {"auth_type": "any", "max_client_conn": "200"}
    with TemporaryDirectory(prefix="gatehouse-pgbouncer-") as directory:
        file = Path(directory) / "pgbouncer.ini"
        with file.open("w") as text:
            configuration.write(text)
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
    """Where PostgreSQL is, in PgBouncer's words."""
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
