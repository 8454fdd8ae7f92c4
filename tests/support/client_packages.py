"""Clients of other makers, installed once for each list of pinned packages into ``.clients``.

Nothing of them goes into the environment of the gateway. Tests are skipped where they cannot be
installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.support import parts
from tests.support.environment import ROOT

KEPT = ROOT / ".clients"
REQUIREMENTS = ROOT / "requirements" / "clients.txt"
OF_NPM = ("package.json", "package-lock.json", ".npmrc")
INSTALLATION_SECONDS = 500
SHOWN_CHARACTERS = 2000


def node_project(name: str, directory: Path) -> Path:
    """``directory`` with the programs of ``tests/acceptance/NAME`` and the packages they import.

    Their hashes are in its ``package-lock.json``.
    """
    parts.require("Node.js", parts.program("node"))
    npm = parts.require("npm", parts.program("npm"))
    source = ROOT / "tests" / "acceptance" / name
    command = [npm.address, "ci", "--prefer-offline", "--fetch-retries=1"]
    packages = _installed(name, [source / each for each in OF_NPM], [command])
    shutil.copytree(source, directory, dirs_exist_ok=True)
    (directory / "node_modules").symlink_to(packages / "node_modules")
    return directory


def python_with_clients() -> str:
    """The path of a Python with the packages of ``requirements/clients.txt``."""
    make = [sys.executable, "-m", "venv", "venv"]
    pip = ["venv/bin/python", "-m", "pip", "install", "--quiet", "--no-input"]
    install = [*pip, "--require-hashes", "-r", REQUIREMENTS.name]
    return str(_installed("python", [REQUIREMENTS], [make, install]) / "venv" / "bin" / "python")


def _installed(name: str, pins: list[Path], commands: list[list[str]]) -> Path:
    """A directory with copies of ``pins`` in which ``commands`` have been run, now or earlier."""
    digest = hashlib.sha256(b"".join(pin.read_bytes() for pin in pins)).hexdigest()
    directory = KEPT / f"{name}-{digest[:16]}"
    KEPT.mkdir(exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the processes of a run, and runs side by side
        if not (directory / "installed").exists():
            _clear(KEPT.glob(f"{name}-*"))
            directory.mkdir()
            for pin in pins:
                shutil.copyfile(pin, directory / pin.name)
            if all(_has_run(command, directory) for command in commands):
                (directory / "installed").touch()
        packages = f"packages for {name}"
        found = (directory / "installed").exists()
        parts.require(packages, parts.Part(name=packages, version="") if found else None)
    return directory


def _clear(directories: Iterable[Path]) -> None:
    for directory in directories:
        shutil.rmtree(directory)


def _has_run(command: list[str], directory: Path) -> bool:
    """Whether ``command`` has succeeded in time; pytest shows what it wrote if not."""
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALLATION_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    sys.stderr.write(done.stderr[-SHOWN_CHARACTERS:])
    return done.returncode == 0
