"""``manage.py`` and ``gatehouse`` as a shell runs them."""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import ROOT, clean_environment, made_up_secrets

MOST_CPU_SECONDS = 1.6  # 0.85 on an idle machine


def run(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = clean_environment(DATA_DIR=str(directory), **environment)
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environ, text=True, capture_output=True, check=False
    )


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",)])
def test_alone_it_shows_the_commands(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: manage.py COMMAND")
    assert list(tmp_path.iterdir()) == []


def test_the_entry_point_is_the_same(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv[0] = 'gatehouse';"
        "from gateway_project.command_line import main; main()"
    )
    shown = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert shown.startswith("Usage: gatehouse COMMAND")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no such table"),
        ({"DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/x"}, "Connection refused"),
    ],
)
@pytest.mark.parametrize("command", ["usage", "list_api_keys"])
def test_a_database_that_is_not_ready_is_one_line(
    tmp_path: Path, command: str, environment: dict[str, str], said: str
) -> None:
    secrets = made_up_secrets() | {"ALLOWED_HOSTS": "localhost"}
    done = run(tmp_path, command, **environment, **secrets)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "geheim" not in done.stderr


def test_settings_that_cannot_be_read_are_a_line_each_and_exit_with_2(tmp_path: Path) -> None:
    done = run(tmp_path, "usage", DEBUG="perhaps")
    assert (done.returncode, done.stdout) == (2, "")
    assert "DEBUG" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_ends_a_command_quietly(tmp_path: Path) -> None:
    environ = clean_environment(DATA_DIR=str(tmp_path))
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "manage.py", "speech_cache", "stats"],
        cwd=ROOT,
        env=environ,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("arguments", [("--help",), ("grant", "--help"), ("usage", "--help")])
def test_commands_start_quickly(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run(tmp_path, *arguments).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent < MOST_CPU_SECONDS


SLOW = (
    "aiohttp",
    "httpx",
    "rest_framework.views",
    "redis",
    "psycopg",
    "structlog",
    "azure",
)


def test_what_is_slow_to_import_is_left_alone(tmp_path: Path) -> None:
    code = (
        "import sys, django; django.setup(); import usage.management.commands.usage;"
        "import models_registry.management.commands.grant;"
        f"print([name for name in {SLOW!r} if name in sys.modules])"
    )
    environ = clean_environment(
        DATA_DIR=str(tmp_path), DJANGO_SETTINGS_MODULE="gateway_project.settings"
    )
    shown = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=environ, text=True)
    assert shown.strip() == "[]"


def test_the_installed_launcher_works_from_every_directory(tmp_path: Path) -> None:
    specification = importlib.util.spec_from_file_location("install", ROOT / "scripts/install.py")
    assert specification is not None
    assert specification.loader is not None
    install = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(install)
    install.write_launcher(tmp_path / "gatehouse")
    shown = subprocess.check_output([str(tmp_path / "gatehouse")], cwd=tmp_path, text=True)
    assert shown.startswith("Usage: gatehouse COMMAND")
