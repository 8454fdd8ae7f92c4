"""Packages from the indexes of Python and npm, each in a directory of its own in ``.peers``.

The settings of pip and npm count, a constraint of torch's to a build without CUDA for instance.
What they say lands beside the directory in a log.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from benchmarks.contenders.contender import UnavailableError
from benchmarks.processes import last_line

PEERS = Path(__file__).parents[1] / ".peers"
INSTALL_SECONDS = 20 * 60


def installed(requirement: str, peers: Path = PEERS) -> Path:
    """The directory of programs of an environment with ``requirement``, made if need be.

    Raises :class:`UnavailableError`.
    """
    name = requirement.partition("=")[0].partition("[")[0]

    def command(directory: Path) -> list[str]:
        venv.create(directory, with_pip=True)
        return [str(directory / "bin" / "python"), "-m", "pip", "install", requirement]

    return _once(requirement, peers / name, command) / "bin"


def installed_from_npm(package: str, version: str, peers: Path = PEERS) -> Path:
    """The directory of ``package``, installed if need be. Raises :class:`UnavailableError`."""
    npm = shutil.which("npm")
    if npm is None:
        raise UnavailableError("npm is not on the PATH")
    wanted = f"{package}@{version}"
    name = package.strip("@").replace("/", "-")

    def command(directory: Path) -> list[str]:
        directory.mkdir(parents=True)
        return [npm, "install", "--no-audit", "--no-fund", "--prefix", str(directory), wanted]

    return _once(wanted, peers / name, command) / "node_modules" / package


def _once(wanted: str, directory: Path, command: Callable[[Path], list[str]]) -> Path:
    """``directory`` with what is ``wanted`` in it, for which ``command`` is run if need be."""
    mark, log = directory / "requirement.txt", directory.with_suffix(".log")
    if mark.is_file() and mark.read_text() == wanted:
        return directory
    print(f"  installing {wanted}, which takes minutes ...", file=sys.stderr, flush=True)
    shutil.rmtree(directory, ignore_errors=True)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        try:
            subprocess.run(
                command(directory),
                check=True,
                timeout=INSTALL_SECONDS,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
            why = f"cannot be installed, see {log}: {last_line(log)}"
            raise UnavailableError(why) from exc
    mark.write_text(wanted)
    return directory
