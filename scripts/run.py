"""What ``make run`` does: migrate, bootstrap, start the demo upstream if it is in use, serve.

``HOST`` and ``PORT`` say where. Ctrl-C or SIGTERM ends the server first, so that answers on their
way can finish, and then the demo upstream. A second Ctrl-C does not wait.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO_PORT = 9000

sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")


class CannotRunError(Exception):
    """The message says what to do about it."""


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    children: list[subprocess.Popen[bytes]] = []
    try:
        return run(children)
    except CannotRunError as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopping …", file=sys.stderr)
        return 0
    finally:
        for child in reversed(children):
            end(child)


def run(children: list[subprocess.Popen[bytes]]) -> int:
    """Start everything into ``children`` and wait for the server. Returns its exit code."""
    set_up_django()
    host, port = address()
    if not is_free(host, port):
        raise CannotRunError(
            f"Port {port} on {host} is taken. End what listens there, "
            f"or choose another port: make run PORT={port + 1}"
        )
    demo_port = DEMO_PORT if is_free("127.0.0.1", DEMO_PORT) else free_port()
    demo_url = f"http://127.0.0.1:{demo_port}/v1"
    prepare(host, port, demo_url)
    if is_in_use(demo_url):
        # Started first: the gateway asks it for its models as soon as it starts.
        children.append(start("demo_upstream", "--port", str(demo_port)))
        wait_for(children[-1], "127.0.0.1", demo_port)
    server = start("serve", "--host", host, "--port", str(port))
    children.append(server)
    wait_for(server, host, port)
    if server.poll() is None:
        print(f"Gatehouse answers on port {port}. Ctrl-C ends it.", flush=True)
    return server.wait()


def set_up_django() -> None:
    """Read the settings, ``.env`` included."""
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as exc:
        raise CannotRunError(str(exc)) from exc


def address() -> tuple[str, int]:
    """The host and port to serve on."""
    host = os.environ.get("HOST") or "127.0.0.1"
    port = os.environ.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise CannotRunError(f"PORT must be a number from 1 to 65535, not {port!r}.")
    return host, int(port)


def prepare(host: str, port: int, demo_url: str) -> None:
    """Bring the database up to date, and have in it what a first run needs."""
    from django.core.management import CommandError, call_command
    from django.db import OperationalError, connections

    from gateway_project.private_files import private_paths, repair

    repair(private_paths())
    try:
        call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
        call_command("bootstrap", host=host, port=port, demo_url=demo_url)
    except CommandError as exc:
        raise CannotRunError(str(exc)) from exc
    except OperationalError as exc:
        raise CannotRunError(f"The database cannot be used: {exc}") from exc
    finally:
        connections.close_all()
        sys.stdout.flush()


def is_in_use(demo_url: str) -> bool:
    """Whether the demo connection is there and switched on."""
    from connections.models import Connection
    from gateway_project.bootstrap import DEMO_TAG

    at_demo_url = Connection.objects.enabled().filter(base_url=demo_url)
    return any(DEMO_TAG in connection.tags for connection in at_demo_url)


def start(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "manage.py", *command], cwd=ROOT)


def end(child: subprocess.Popen[bytes]) -> None:
    """Let ``child`` finish what it is at."""
    try:
        child.terminate()
        child.wait()
    except KeyboardInterrupt:
        child.kill()
        child.wait()


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on ``port``. Raises :class:`CannotRunError` for an unknown host."""
    try:
        family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as exc:
        raise CannotRunError(f"HOST is {host!r}, which is no address of this machine.") from exc
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(target)
        except PermissionError as exc:
            raise CannotRunError(f"Port {port} is only for root: choose one over 1023.") from exc
        except OSError:
            return False
    return True


def wait_for(child: subprocess.Popen[bytes], host: str, port: int) -> None:
    """Return once ``child`` listens there, or has ended."""
    while child.poll() is None and not is_answering(host, port):
        time.sleep(0.05)


def is_answering(host: str, port: int) -> bool:
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    try:
        socket.create_connection((everywhere.get(host, host), port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
