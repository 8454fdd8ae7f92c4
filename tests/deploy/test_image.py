"""The image's files, run as a container engine runs them, and what the Dockerfile promises."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from scripts.image_root import copy_code, is_surplus
from scripts.image_run import read_image
from tests.support.api import CHAT, chat_body
from tests.support.environment import ROOT
from tests.support.live import LiveGateway
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import PATIENCE_SECONDS, free_port, wait_until
from tests.support.responders import chunk, event, head, when_told
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

IMAGE = read_image()
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
CONTEXT = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()


def can_mount() -> bool:
    """Whether this process may make a mount namespace, as root may outside of most sandboxes."""
    command = ["unshare", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "x", "/mnt"]
    try:
        tried = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return False
    return os.geteuid() == 0 and tried.returncode == 0


needs_mounts = pytest.mark.skipif(not can_mount(), reason="it takes root, and mount namespaces")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("image")
    copy_code(directory / "app")
    return directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The image's files and what they may write to. The packages are those of the tests."""

    tree: Path
    data: Path
    key: str

    def started(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "scripts" / "image_run.py")]
        command += ["--packages", sysconfig.get_path("purelib"), str(self.tree), str(self.data)]
        return subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def said(self, *arguments: str) -> tuple[int, str]:
        process = self.started(*arguments)
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, output

    @contextmanager
    def serving(self) -> Iterator[tuple[httpx.Client, int]]:
        """A client, and the process id of the gateway as the machine has it."""
        port = free_port()
        process = self.started("serve", "--host", "127.0.0.1", "--port", str(port))
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                headers={"Authorization": f"Bearer {self.key}"},
                **PLAIN_HTTP,
            ) as client:
                wait_until(lambda: is_ready(client, process), what="the gateway")
                yield client, only_child_of(process.pid)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()
            process.communicate()


def is_ready(client: httpx.Client, process: subprocess.Popen[str]) -> bool:
    assert process.poll() is None, process.stdout and process.stdout.read()
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def only_child_of(process_id: int) -> int:
    (child,) = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return int(child)


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def container(tree, upstream, stores, tmp_path_factory) -> Iterator[Container]:
    directory = tmp_path_factory.mktemp("container")
    connection = {"name": "scripted", "base_url": upstream.url, "model_ids": ["gpt-4o"]}
    grants = [{"models": ["*"], "everyone": True}]
    with stores.open(BACKINGS[0], directory / "data") as environment:
        gateway = LiveGateway(BACKINGS[0], directory, environment)
        key = gateway.configured_for("alice", connections=[connection], grants=grants)
        data = Path(environment["DATA_DIR"])
        for path in data.rglob("*"):
            os.chown(path, int(IMAGE.user), int(IMAGE.group))
        yield Container(tree=tree, data=data, key=key)


@needs_mounts
def test_it_serves_without_privileges_and_drains_upon_sigterm(container, upstream):
    told = threading.Event()
    parts = [{"choices": [{"index": 0, "delta": {"content": each}}]} for each in ("one", "two")]
    begin = head(content_type="text/event-stream", transfer_encoding="chunked") + event(parts[0])
    rest = event(parts[1]) + event("[DONE]") + chunk(b"")
    upstream.on("POST", CHAT, when_told(told, begin, rest))
    with container.serving() as (client, process_id):
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        assert status["Uid"].split() == [IMAGE.user] * 4
        assert (int(status["CapEff"], 16), status["NoNewPrivs"]) == (0, "1")
        assert status["NSpid"].split()[-1] == "1"
        port = str(client.base_url.port)
        assert container.said("healthcheck", "--port", port) == (0, "200 ok (database: ok)\n")
        with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as response:
            lines = response.iter_lines()
            assert '"one"' in next(line for line in lines if line.startswith("data:"))
            os.kill(process_id, signal.SIGTERM)
            wait_until(lambda: client.get("/readyz").status_code == 503, what="the drain")
            told.set()
            assert "data: [DONE]" in list(lines)


@needs_mounts
def test_nothing_but_data_and_tmp_can_be_written(container):
    places = ["/opt/gatehouse/app/x", "/usr/x", "/etc/x", "/x", "/data/x", "/tmp/x"]
    program = (
        "import pathlib\n"
        f"for place in {places}:\n"
        "    try: pathlib.Path(place).touch()\n"
        "    except OSError: continue\n"
        "    print(place)"
    )
    code, output = container.said("shell", "-v0", "-c", program)
    assert (code, output) == (0, "/data/x\n/tmp/x\n"), output


def test_the_code_is_compiled_and_that_of_tests_left_out(tree):
    app = tree / "app"
    assert (app / "proxy" / "api.py").exists()
    assert list((app / "proxy" / "__pycache__").glob("api.*.pyc"))
    assert list(app.glob("proxy/migrations/0*.py"))
    assert not {path.name for path in app.iterdir()} & {"tests", "benchmarks", "scripts", "var"}


def test_texts_in_other_languages_and_sources_are_left_out(tmp_path):
    kept, gone = ("en/LC_MESSAGES/django.mo", "x.py"), ("de/LC_MESSAGES/django.mo", "x.pyx")
    for name in kept + gone:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert [name for name in kept + gone if is_surplus(tmp_path / name)] == list(gone)


def test_the_builder_is_given_all_that_the_script_copies(tree):
    assert CONTEXT[1] == "*"
    given = {line.removeprefix("!") for line in CONTEXT if line.startswith("!")}
    copied = {path.name for path in (tree / "app").iterdir()} - {"__pycache__"}
    assert given == copied | {"requirements/base.txt", "scripts/image_root.py"}


def test_the_dockerfile_names_a_version_of_its_base_and_of_the_gateway():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f'image.version="{version[1]}"' in DOCKERFILE
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.13\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)


def test_the_dockerfile_serves_as_a_user_and_asks_after_its_health():
    assert (IMAGE.user, IMAGE.group) == ("10001", "10001")
    assert IMAGE.command == ["serve", "--host", "0.0.0.0", "--port", "8000"]
    assert "\nSTOPSIGNAL SIGTERM\n" in DOCKERFILE
    [asked] = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert json.loads(asked) == [*IMAGE.entrypoint, "healthcheck"]
