"""deploy/compose.yaml and what belongs to it. No container engine is asked."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway_project.settings.environment import known
from scripts.image_run import read_image
from tests.support import parts
from tests.support.environment import ROOT, clean_environment
from tests.support.hosts import host_of

DIRECTORY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DIRECTORY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
NGINX = (DIRECTORY / "compose" / "nginx.conf").read_text()
ENVIRONMENT: dict[str, str | None] = SERVICES["gateway"]["environment"]
ONCE = {"prepare", "secrets"}
OF_COMPOSE = {"GATEHOUSE_LISTEN", "GATEHOUSE_WORKERS"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL|REDIS_URL")
PINNED = re.compile(r"[a-z]+:\d+\.\d+(\.\d+)?")

each_service = pytest.mark.parametrize("name", SERVICES)


def variables(name: str) -> dict[str, str | None]:
    return SERVICES[name].get("environment", {})


def test_every_variable_of_the_gateway_is_one_that_it_reads():
    named = set(re.findall(r"\$\{(\w+)", (DIRECTORY / "compose.yaml").read_text()))
    assert set(ENVIRONMENT) <= known
    assert named - OF_COMPOSE <= known


@each_service
def test_no_secret_stands_in_the_file(name):
    told = {key: value for key, value in variables(name).items() if SECRET.search(key)}
    assert [key for key, value in told.items() if value and not key.endswith("_FILE")] == []


@each_service
def test_each_service_is_pinned_and_without_privileges(name):
    service = SERVICES[name]
    assert PINNED.fullmatch(service["image"])
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


@each_service
def test_what_a_service_refers_to_is_there(name):
    service = SERVICES[name]
    for other, how in service.get("depends_on", {}).items():
        expected = "completed_successfully" if other in ONCE else "healthy"
        assert how == {"condition": f"service_{expected}"}
    assert set(service.get("networks", ())) <= set(COMPOSE["networks"])
    for volume in service.get("volumes", ()):
        source = volume.partition(":")[0]
        assert source in COMPOSE["volumes"] or (DIRECTORY / source).is_file()


def test_the_demo_has_no_secret_of_the_gateway():
    assert variables("demo") == {"DATA_DIR": "/tmp"}
    assert SERVICES["demo"]["volumes"] == []
    assert SERVICES["demo"]["networks"] == ["front"]


def test_the_gateway_has_the_version_of_the_project():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    images = {service["image"] for service in SERVICES.values() if "build" in service}
    assert images == {f"gatehouse:{version[1]}"}


def test_only_nginx_can_be_reached_and_on_this_machine_alone():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"nginx": ["${GATEHOUSE_LISTEN:-127.0.0.1:8000}:8080"]}
    assert "listen 8080;" in NGINX
    assert "set $gatehouse http://gateway:8000;\n" in NGINX
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert "front" not in SERVICES["postgres"]["networks"] + SERVICES["redis"]["networks"]


def test_the_gateway_has_time_to_drain_and_a_place_to_write():
    assert SERVICES["gateway"]["stop_grace_period"] == "45s"
    assert "data:/data" in SERVICES["gateway"]["volumes"]
    assert read_image().environment["DATA_DIR"] == "/data"
    assert SERVICES["gateway"]["command"][:5] == read_image().command


def test_nginx_passes_on_what_the_document_says():
    document = (ROOT / "docs" / "operations.md").read_text()
    [block] = re.findall(r"```nginx\nmap(.*?)```", document, re.DOTALL)
    lines = {line.strip() for line in block.splitlines() if "proxy_" in line or "max_body" in line}
    assert lines - {line.strip() for line in NGINX.splitlines()} == {
        "proxy_pass http://127.0.0.1:8000;"
    }


def test_nginx_takes_its_configuration(tmp_path):
    nginx = parts.require("nginx", parts.program("nginx"))
    file = tmp_path / "nginx.conf"
    file.write_text(NGINX.replace(" /tmp/", f" {tmp_path}/"))
    command = [nginx.address, "-e", "stderr", "-t", "-q", "-c", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def make_secrets(directory: Path, *prefix: str) -> dict[str, str]:
    """What the files hold after the script has run."""
    places = [directory / "gateway", directory / "stores"]
    for place in places:
        place.mkdir(exist_ok=True)
    script = DIRECTORY / "compose" / "make_secrets.py"
    subprocess.run([*prefix, sys.executable, script, *places], check=True)
    return {file.name: file.read_text() for place in places for file in place.iterdir()}


def test_secrets_are_made_once_for_one_user_each(tmp_path):
    first = make_secrets(tmp_path)
    (tmp_path / "gateway" / "redis_url").unlink()
    (tmp_path / "gateway" / ".redis_url").touch(0o400)  # of a start that was cut short
    assert make_secrets(tmp_path) == first
    files = [file for place in ("gateway", "stores") for file in (tmp_path / place).iterdir()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o400}


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="it takes root")
def test_the_privileges_of_the_service_are_enough_for_both_starts(tmp_path):
    added = [f"+{name.lower()}" for name in SERVICES["secrets"]["cap_add"]]
    prefix = ("setpriv", "--bounding-set", ",".join(["-all", *added]), "--no-new-privs")
    assert make_secrets(tmp_path, *prefix) == make_secrets(tmp_path, *prefix)
    image = read_image()
    owners = {file.stat().st_uid for file in (tmp_path / "gateway").iterdir()}
    assert owners == {int(image.user)}
    for name in ("postgres", "redis"):
        assert SERVICES[name]["user"] == "999:999"
    assert {file.stat().st_uid for file in (tmp_path / "stores").iterdir()} == {999}


def test_the_gateway_takes_the_environment_and_the_secrets(tmp_path):
    made = make_secrets(tmp_path)
    values = {
        name: (value or "").replace("/run/gatehouse", str(tmp_path / "gateway"))
        for name, value in ENVIRONMENT.items()
    }
    values = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in values.items()}
    values |= {"DATA_DIR": str(tmp_path), "GATEWAY_PUBLIC_URL": "https://gateway.example"}
    tmp_path.chmod(0o700)
    done = host_of(clean_environment(**values)).run("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f":{made['postgres_password']}@postgres:" in made["database_url"]
    password = made["redis_url"].removeprefix("redis://default:").partition("@")[0]
    assert f"requirepass {password}\n" in made["redis.conf"]
