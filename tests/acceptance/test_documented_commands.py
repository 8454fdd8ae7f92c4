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

from tests.support.environment import ROOT, clean_environment
from tests.support.hosts import host_of
from tests.support.live import LiveGateway, live_gateway
from tests.support.stores import BACKINGS, Stores

pytestmark = pytest.mark.acceptance

BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^ *(?:\S*python )?(?:manage\.py|\S*\bgatehouse) ([a-z_]+.*)$", re.MULTILINE)
EXPORT = re.compile(r"^ *export .+$", re.MULTILINE)
UNTIL_STOPPED = {"serve"}  # test_serve.py has it
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_succeeds(page, installation, demo_url, tmp_path):
    key = json.loads(installation.manage("create_api_key", "alice", "--json").stdout)
    (tmp_path / "gatehouse.yaml").write_text("groups: [{name: team}]")
    for block in blocks_of(page):
        if EXPORT.search(block):
            continue
        for line in COMMAND.findall(block):
            arguments = shlex.split(
                line.replace("sk-gw-…4f2A", key["id"])
                .replace(DEMO_URL, demo_url)
                .replace("gatehouse.yaml", str(tmp_path / "gatehouse.yaml")),
                comments=True,
            )
            if arguments == ["bootstrap"]:
                arguments += ["--demo-url", demo_url]  # by default, it is at DEMO_URL
            # Deployment is checked in an environment of its own, below.
            if arguments[0] not in UNTIL_STOPPED and "--deploy" not in arguments:
                installation.manage(*arguments)


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


def test_the_backup_of_one_machine_holds_the_database_and_the_secrets(tmp_path, stores):
    page = ROOT / "docs" / "operations.md"
    (block,) = [block for block in blocks_of(page) if "secrets.json" in block]
    (tmp_path / "var").mkdir(mode=0o700)
    host = host_of(clean_environment(DATA_DIR=str(tmp_path / "var"), DATABASE_URL="", REDIS_URL=""))
    assert host.run("migrate").returncode == 0
    assert host.run("bootstrap", "--no-demo").returncode == 0
    subprocess.run(["sh", "-euc", block], cwd=tmp_path, check=True)
    restored = host_of(
        clean_environment(DATA_DIR=str(tmp_path / "backup"), DATABASE_URL="", REDIS_URL="")
    ).run("check", "--database", "default")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert sorted(file.name for file in (tmp_path / "backup").iterdir()) == [
        "gatehouse.db",
        "secrets.json",
    ]
