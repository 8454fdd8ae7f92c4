"""``make run`` as a newcomer meets it: what it prints works, and it ends when it is told to."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from tests.support.environment import ROOT, clean_environment
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import PATIENCE_SECONDS, free_port

pytestmark = pytest.mark.acceptance

READY = "Ctrl-C ends it.\n"


class Run:
    """``scripts/run.py`` in a process group of its own, as a terminal would have it."""

    def __init__(self, **environment):
        self.process = subprocess.Popen(
            [sys.executable, "scripts/run.py"],
            cwd=ROOT,
            env=clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""

    def until_ready(self):
        for line in self.process.stdout:
            self.output += line
            if line.startswith("Gatehouse answers") and line.endswith(READY):
                return self
        raise AssertionError(self.output)

    def end(self, signal_number=signal.SIGINT):
        os.killpg(self.process.pid, signal_number)
        self.output += self.process.stdout.read()
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def printed(self, label):
        return re.search(rf"^ *{label} +(\S+)$", self.output, re.MULTILINE)


@pytest.fixture
def start(tmp_path):
    """``start(**environment)``: a run on a port and data of this test."""
    runs = []
    port = str(free_port())

    def start(**environment):
        runs.append(Run(**({"DATA_DIR": str(tmp_path / "data"), "PORT": port} | environment)))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGKILL)
        run.process.stdout.close()


def test_the_printed_curl_line_gets_an_answer(start, curl):
    run = start().until_ready()
    line = next(line for line in run.output.splitlines() if line.startswith("curl "))
    done = subprocess.run(f"{line} -s", shell=True, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["choices"][0]["message"]["content"].startswith("Hello!")
    assert run.end() == 0
    assert "Traceback" not in run.output


@pytest.mark.long
def test_a_second_start_keeps_everything_and_shows_no_secret(start):
    first = start().until_ready()
    key = first.printed("API key")[1]
    first.end()
    second = start().until_ready()
    models = f"{second.printed('Admin')[1].removesuffix('admin/')}v1/models"
    answer = httpx.get(models, headers={"Authorization": f"Bearer {key}"}, **PLAIN_HTTP)
    assert answer.status_code == 200
    assert second.printed("Password") is None
    assert second.printed("API key") is None


@pytest.mark.long
def test_it_leaves_nothing_behind_when_it_is_terminated(start):
    run = start().until_ready()
    demo_port = int(re.search(r"Demo upstream: http://127\.0\.0\.1:(\d+)", run.output)[1])
    run.process.terminate()
    assert run.process.wait(timeout=PATIENCE_SECONDS) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", demo_port), timeout=1)


def test_open_webui_environment_takes_the_place_of_the_demo(start):
    run = start(OPENAI_API_BASE_URLS="http://127.0.0.1:9/v1", OPENAI_API_KEYS="sk-mine")
    run.until_ready()
    assert "http://127.0.0.1:9/v1" in run.output
    assert "Demo upstream" not in run.output
    assert "sk-mine" not in run.output


def test_a_taken_port_is_said_plainly(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        run = start(PORT=str(port))
        assert run.process.wait(timeout=PATIENCE_SECONDS) == 1
    output = run.process.stdout.read()
    assert f"Port {port} on 127.0.0.1 is taken." in output
    assert "Traceback" not in output


@pytest.mark.parametrize("port", ["0", "http", "70000", "²"])
def test_a_port_that_is_none_is_said_plainly(start, port):
    run = start(PORT=port)
    assert run.process.wait(timeout=PATIENCE_SECONDS) == 1
    assert "PORT must be a number" in run.process.stdout.read()


def test_an_unusable_database_is_said_plainly(start, tmp_path):
    run = start(DATABASE_URL=f"sqlite:///{tmp_path}/no/such/directory/file.db")
    assert run.process.wait(timeout=PATIENCE_SECONDS) == 1
    output = run.process.stdout.read()
    assert "The database cannot be used" in output
    assert "Traceback" not in output
