"""Packages from the package index, each with an environment of its own in ``benchmarks/.peers``."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.contenders.contender import UnavailableError
from benchmarks.processes import last_line

PEERS = Path(__file__).parents[1] / ".peers"
INSTALL_SECONDS = 20 * 60


def installed(requirement: str, peers: Path = PEERS) -> Path:
    """The directory of programs of an environment with ``requirement``, made if need be.

    What pip says lands beside it in a log. pip's own settings count, a constraint of torch's to a
    build without CUDA for instance. Raises :class:`UnavailableError`.
    """
    name = requirement.partition("=")[0].partition("[")[0]
    directory, log = peers / name, peers / f"{name}.log"
    mark = directory / "requirement.txt"
    if mark.is_file() and mark.read_text() == requirement:
        return directory / "bin"
    print(f"  installing {requirement}, which takes minutes ...", file=sys.stderr, flush=True)
    shutil.rmtree(directory, ignore_errors=True)
    venv.create(directory, with_pip=True)
    with log.open("wb") as output:
        try:
            subprocess.run(
                [directory / "bin" / "python", "-m", "pip", "install", requirement],
                check=True,
                timeout=INSTALL_SECONDS,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
            why = f"cannot be installed, see {log}: {last_line(log)}"
            raise UnavailableError(why) from exc
    mark.write_text(requirement)
    return directory / "bin"
