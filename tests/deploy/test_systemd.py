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


def test_every_variable_is_one_that_the_gateway_reads():
    assigned = [each.partition("=")[0] for line in settings("Environment") for each in line.split()]
    listed = re.findall(r"^(\w+)=", (DIRECTORY / "gatehouse.env").read_text(), re.MULTILINE)
    assert set(assigned) - {"PYTHONDONTWRITEBYTECODE"} <= known
    assert set(listed) <= known - set(SECRETS)


def test_each_secret_is_a_credential():
    loaded = {each.partition(":")[0] for each in settings("LoadCredential")}
    assert loaded == set(re.findall(r"%d/(\w+)", UNIT))
    assert {f"{name.upper()}_FILE=%d/{name}" in UNIT for name in loaded} == {True}


def test_the_service_may_write_where_its_data_is():
    assert settings("StateDirectory") == ["gatehouse"]
    assert "DATA_DIR=/var/lib/gatehouse " in UNIT
    assert settings("ProtectSystem") == ["strict"]
