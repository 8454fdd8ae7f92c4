"""What a gateway writes is readable by its own user alone, whatever the umask of its parent."""

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.environment import ROOT, clean_environment
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance


@pytest.fixture(autouse=True)
def _an_open_umask():
    """Children begin with the umask of most shells."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_paths(directory):
    """What others could read below ``directory``, which is itself looked at."""
    paths = [directory, *directory.rglob("*")]
    return [str(path) for path in paths if stat.S_IMODE(path.lstat().st_mode) & 0o077]


def data_of(gateway):
    return Path(gateway.environment["DATA_DIR"])


def test_a_running_gateway_leaves_nothing_open(start_gateway):
    gateway = start_gateway()
    with ScriptedUpstream(models=("open",)) as upstream:
        key = gateway.configured_for(
            "alice",
            connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["k"]}],
            grants=[{"models": ["open"], "everyone": True}],
        )
        with client_of(gateway, key) as client:
            wait_for_models(client, "open")
            assert client.post(CHAT, json=chat_body("open")).status_code == 200
    names = {path.name for path in data_of(gateway).rglob("*")}
    assert {"gatehouse.db", "journal", "metrics"} <= names
    assert open_paths(data_of(gateway)) == []


def test_what_an_earlier_version_left_open_is_closed_at_the_next_start(start_gateway):
    gateway = start_gateway()
    gateway.stop()
    data = data_of(gateway)
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    foreign = data / "notes.txt"
    gateway.start()
    assert open_paths(data) == []
    assert not foreign.exists()


@pytest.mark.parametrize(
    "command",
    [
        "manage.py migrate -v0",
        "-m django migrate -v0 --settings gateway_project.settings",
        "-c 'import gateway_project.asgi'",
    ],
)
def test_every_way_in_makes_private_files(tmp_path, command):
    data = tmp_path / "deep" / "var"
    environment = clean_environment(DATA_DIR=str(data), PYTHONPATH=str(ROOT))
    subprocess.run([sys.executable, *shlex.split(command)], cwd=ROOT, env=environment, check=True)
    assert (data / "secrets.json").exists()
    assert open_paths(data) == []


def test_an_export_is_private(start_gateway, tmp_path):
    gateway = start_gateway()
    target = tmp_path / "gatehouse.yaml"
    gateway.manage("export_config", "--output", str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_the_check_warns_of_what_is_open(start_gateway):
    gateway = start_gateway()
    assert "W002" not in gateway.manage("check").stderr
    (data_of(gateway) / "gatehouse.db").chmod(0o640)
    said = gateway.manage("check", "--fail-level", "WARNING", check=False)
    assert said.returncode != 0
    assert "gatehouse.db" in said.stderr
    assert "gateway_project.W002" in said.stderr


def test_static_files_stay_readable_for_a_web_server(tmp_path):
    script = (
        "import django; django.setup(); import os;"
        "from django.contrib.staticfiles.storage import StaticFilesStorage as S;"
        "from django.core.files.base import ContentFile;"
        f"S(location={json.dumps(str(tmp_path / 'static'))}).save('a/b.css', ContentFile(b''))"
    )
    environment = clean_environment(
        DATA_DIR=str(tmp_path / "var"), DJANGO_SETTINGS_MODULE="gateway_project.settings"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True)
    assert stat.S_IMODE((tmp_path / "static/a").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "static/a/b.css").stat().st_mode) == 0o644
