from __future__ import annotations

import json
import shlex
from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.management.base import CommandError
from django.db import DatabaseError

from accounts.encryption import EncryptionError
from accounts.management.command import GatehouseCommand, add_json_argument
from accounts.management.errors import UsageError
from connections.configuration.entry import EntryError
from gateway_project.bootstrap import ADMIN_NAME, Bootstrapped, bootstrap

DEMO_URL = "http://127.0.0.1:9000/v1"  # where demo_upstream listens by default
EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not listened on


class Command(GatehouseCommand):
    help = "Make what a first start needs: connections from the environment, an admin, a demo."
    examples = (
        "",
        "--no-demo",
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="where the gateway will listen")
        parser.add_argument("--port", type=int, default=8000)
        demo = parser.add_mutually_exclusive_group()
        demo.add_argument("--demo-url", default=DEMO_URL, metavar="URL")
        demo.add_argument(
            "--no-demo",
            dest="demo_url",
            action="store_const",
            const=None,
            help="no demo connection",
        )
        add_json_argument(parser)

    def handle(
        self, *, host: str, port: int, demo_url: str | None, json: bool, **options: Any
    ) -> None:
        # Some checks only: what those of the environment would say is part of the report.
        self.check(tags=[Tags.security, Tags.files])
        try:
            result = bootstrap(demo_url=demo_url)
        except EntryError as exc:
            raise UsageError(f"{exc}.") from exc
        except EncryptionError as exc:
            raise CommandError(f"The database was made with other keys: {exc}.") from exc
        except DatabaseError as exc:
            raise CommandError(f"The database is not ready: {exc}. Run migrate first.") from exc
        for difference in result.differences:
            self.stderr.write(str(difference))
        for warning in result.warnings:
            self.stderr.write(f"Warning: {warning}")
        address = _address(host, port)
        self.stdout.write(_as_json(result, address) if json else _for_people(result, address))


def _address(host: str, port: int) -> str:
    """How a browser on this machine reaches the gateway."""
    name = "127.0.0.1" if host in EVERY_ADDRESS else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _as_json(result: Bootstrapped, address: str) -> str:
    admin = result.admin
    return json.dumps(
        {
            "schema_version": 1,
            "admin_url": f"{address}/admin/",
            "api_url": f"{address}/v1",
            "user": admin.username if admin else None,
            "password": admin.password if admin else None,
            "api_key": admin.api_key if admin else None,
            "model": result.example_model or None,
            "has_demo": result.has_demo,
            "changes": [str(difference) for difference in result.differences],
            "warnings": list(result.warnings),
        }
    )


def _for_people(result: Bootstrapped, address: str) -> str:
    lines = ["", f"  Admin     {address}/admin/"]
    if result.admin is None:
        lines += [
            "  There is an admin from an earlier start. For a new password or key:",
            f"    python manage.py changepassword {ADMIN_NAME}",
            f"    python manage.py create_api_key {ADMIN_NAME}",
        ]
    else:
        lines += [
            f"  User      {result.admin.username}",
            f"  Password  {result.admin.password}",
            f"  API key   {result.admin.api_key}",
            "",
            "  Both secrets are shown this once. Try it:",
            "",
            _curl(address, result.admin.api_key, result.example_model),
        ]
    return "\n".join([*lines, ""])


def _curl(address: str, api_key: str, model: str) -> str:
    authorization = f'-H "Authorization: Bearer {api_key}"'
    if not model:
        return f"curl {address}/v1/models {authorization}"
    body = {"model": model, "messages": [{"role": "user", "content": "Hello!"}]}
    return (
        f"curl {address}/v1/chat/completions {authorization} "
        f'-H "Content-Type: application/json" -d {shlex.quote(json.dumps(body))}'
    )
