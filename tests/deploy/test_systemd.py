"""deploy/systemd: the unit, as systemd itself reads it where it is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway_project.settings.environment import known
from gateway_project.settings.secret_files import SECRETS
from tests.support.environment import ROOT
from tests.support.parts import program

DIRECTORY = ROOT / "deploy" / "systemd"
UNIT = (DIRECTORY / "gatehouse.service").read_text()
PYTHON = "/opt/gatehouse/.venv/bin/python"
MOST_EXPOSED = 20  # tenths, of systemd-analyze's scale from 0 to 100
VARIABLES: dict[str, str] = dict(
    re.findall(r"^(\w+)=(.*)$", (DIRECTORY / "gatehouse.env").read_text(), re.MULTILINE)
)
ANALYZE = program("systemd-analyze")


def settings(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def analyze(*arguments: str | Path) -> str:
    """What systemd-analyze complains of."""
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not here")
    command = [ANALYZE.address, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_systemd_understands_the_unit(tmp_path):
    unit = tmp_path / "gatehouse.service"
    unit.write_text(UNIT.replace(PYTHON, sys.executable))
    assert analyze("verify", unit) == ""


def test_systemd_calls_the_service_hardly_exposed():
    unit = DIRECTORY / "gatehouse.service"
    assert analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit) == ""


def test_every_variable_is_one_that_the_gateway_reads_and_secrets_are_in_files():
    assert set(VARIABLES) <= known - set(SECRETS)
    files = {name: path for name, path in VARIABLES.items() if name.endswith("_FILE")}
    assert {Path(path).parent for path in files.values()} == {Path("/etc/gatehouse")}


def test_a_shell_reads_the_file_as_systemd_does():
    script = f"set -a; . {DIRECTORY / 'gatehouse.env'}; env -0"
    told = subprocess.run(["sh", "-ec", script], env={}, capture_output=True, text=True, check=True)
    read = dict(entry.split("=", 1) for entry in told.stdout.split("\0") if entry)
    assert VARIABLES.items() <= read.items()


def test_the_service_may_write_where_its_data_is():
    assert settings("StateDirectory") == ["gatehouse"]
    assert VARIABLES["DATA_DIR"] == "/var/lib/gatehouse"
    assert settings("ProtectSystem") == ["strict"]
