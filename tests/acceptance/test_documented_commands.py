"""The commands of docs/, run page by page on one installation with a demo upstream."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import CHAT, chat_body, client_of, listed
from tests.support.environment import ROOT, clean_environment
from tests.support.hosts import host_of
from tests.support.live import LiveGateway, live_gateway
from tests.support.parts import program, require
from tests.support.processes import wait_until
from tests.support.stores import BACKINGS, Stores

pytestmark = pytest.mark.acceptance

BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^ *(?:\S*python )?(?:manage\.py|\S*\bgatehouse) ([a-z_]+.*)$", re.MULTILINE)
EXPORT = re.compile(r"^ *export .+$", re.MULTILINE)
UNTIL_STOPPED = {"serve", "--follow"}  # test_serve.py and test_requests.py have them
# 3: something wants a look, as a database without Redis, or a model that is not listed.
EXITS = {"doctor": {0, 3}, "route": {0, 3}}
DEMO_URL = "http://127.0.0.1:9000/v1"


def blocks_of(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text())


PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if COMMAND.search(page.read_text())]


@pytest.fixture(scope="module")
def demo_url() -> Iterator[str]:
    command = [sys.executable, "manage.py", "demo_upstream", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        started = re.search(r"http://\S+/v1", demo.stdout.readline())
        assert started is not None
        yield started[0]
        demo.terminate()


@pytest.fixture(scope="module")
def installation(
    demo_url: str, stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveGateway]:
    """What the pages take for granted: somebody called alice, a group, a model, a connection."""
    directory = tmp_path_factory.mktemp("documented")
    with live_gateway(stores, BACKINGS[0], directory) as gateway:
        gateway.manage("bootstrap", "--demo-url", demo_url)
        gateway.configure(
            connections=[
                {"name": "openai", "base_url": demo_url, "keys": ["sk-a"], "model_ids": ["gpt-4o"]}
            ],
            grants=[{"models": ["gpt-4o"], "groups": ["team"]}],
            groups=[{"name": "team", "users": []}],
        )
        gateway.api_key("alice", groups=["team"])
        gateway.manage("sync_models")
        yield gateway


@pytest.fixture(scope="module")
def recorded(installation: LiveGateway) -> str:
    """The id of a request that was recorded."""
    with client_of(installation, installation.api_key("alice")) as client:
        wait_until(lambda: "demo-chat" in listed(client), what="the model")
        answer = client.post(CHAT, json=chat_body(model="demo-chat"))
    request_id = answer.headers["x-request-id"]
    wait_until(
        lambda: installation.manage("requests", "show", request_id, check=False).returncode == 0,
        what="the record",
    )
    return request_id


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_succeeds(page, installation, recorded, demo_url, tmp_path):
    key = json.loads(installation.manage("create_api_key", "alice", "--json").stdout)
    (tmp_path / "gatehouse.yaml").write_text("groups: [{name: team}]")
    for block in blocks_of(page):
        if EXPORT.search(block):
            continue
        for line in COMMAND.findall(block):
            arguments = shlex.split(
                line.replace("sk-gw-…4f2A", key["id"])
                .replace("req_01jd8", recorded)
                .replace(DEMO_URL, demo_url)
                .replace("gatehouse.yaml", str(tmp_path / "gatehouse.yaml")),
                comments=True,
            )
            if arguments == ["bootstrap"]:
                arguments += ["--demo-url", demo_url]  # by default, it is at DEMO_URL
            elif arguments == ["healthcheck"]:
                arguments += ["--port", str(installation.port)]
            # Deployment is checked in an environment of its own, below.
            if not UNTIL_STOPPED.intersection(arguments) and "--deploy" not in arguments:
                done = installation.manage(*arguments, check=False)
                assert done.returncode in EXITS.get(arguments[0], {0}), done.stdout + done.stderr


ADA = """
from django.contrib.auth.models import Group
from accounts.models import User
# The commands of a page before may have made her.
ada, _ = User.objects.update_or_create(username="ada", defaults={"email": "Ada@example.com"})
ada.groups.set([Group.objects.get(name="team")])
"""


def test_a_trusted_caller_speaks_for_a_user_as_the_page_says(installation: LiveGateway) -> None:
    require("curl", program("curl"))
    page = ROOT / "docs" / "auth.md"
    (block,) = [block for block in blocks_of(page) if "X-OpenWebUI-User-Email" in block]
    options = ("--create-user", "--may-speak-for-users", "--json")
    made = installation.manage("create_api_key", "open-webui", *options).stdout
    environment = clean_environment(GATEHOUSE_KEY=json.loads(made)["key"])
    installation.manage("shell", "-v0", "-c", ADA)

    def answered() -> str:
        told = subprocess.run(
            ["sh", "-euc", block.replace("http://127.0.0.1:8000", installation.url)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout

    wait_until(lambda: '"gpt-4o"' in answered(), what="the model of the user's group")
    with client_of(installation, environment["GATEHOUSE_KEY"]) as client:
        assert "gpt-4o" not in listed(client)


def test_the_check_before_production_passes_in_the_environment_that_the_page_sets():
    page = ROOT / "docs" / "operations.md"
    exports = next(block for block in blocks_of(page) if "SECRET_KEY" in block)
    told = subprocess.run(
        ["sh", "-euc", f"{exports}\nenv -0"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    names = re.findall(r"export (\w+)=", exports)
    everything = dict(entry.split("=", 1) for entry in told.stdout.split("\0") if entry)
    environment = clean_environment(**{name: everything[name] for name in names})
    done = host_of(environment).run("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stdout + done.stderr


def block_with(text: str) -> str:
    (block,) = [block for block in blocks_of(ROOT / "docs" / "operations.md") if text in block]
    return block


def run(block: str, directory: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["sh", "-euc", block],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def made_and_lost(gateway: LiveGateway) -> Iterator[None]:
    """A key that is there when the backup is made, and one that comes later."""
    gateway.manage("migrate", "-v0")
    gateway.manage("create_api_key", "alice", "--create-user", "--name", "before")
    yield
    gateway.manage("create_api_key", "alice", "--name", "after")
    yield
    gateway.manage("migrate", "-v0")
    gateway.manage("check", "--database", "default")
    names = [
        key["name"] for key in json.loads(gateway.manage("list_api_keys", "--json").stdout)["keys"]
    ]
    assert names == ["before"]
    yield


def test_a_backup_of_one_machine_can_be_restored(tmp_path):
    data = tmp_path / "var"
    data.mkdir(mode=0o700)
    gateway = LiveGateway("one machine", tmp_path, {"DATA_DIR": str(data)})
    steps = made_and_lost(gateway)
    next(steps)
    run(block_with("sqlite3.connect"), tmp_path, gateway.process_environment())
    next(steps)
    run(block_with("gatehouse.db-wal"), tmp_path, gateway.process_environment())
    next(steps)


def test_a_backup_of_a_database_server_can_be_restored(tmp_path, stores, services):
    require("pg_dump", program("pg_dump"))
    with stores.open("postgres+redis", tmp_path / "data") as environment:
        gateway = LiveGateway("postgres+redis", tmp_path, environment)
        steps = made_and_lost(gateway)
        next(steps)
        run(block_with("pg_dump"), tmp_path, gateway.process_environment())
        next(steps)
        run(block_with("pg_restore"), tmp_path, gateway.process_environment())
        next(steps)
