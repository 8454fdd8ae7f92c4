"""Make ``.venv`` and put the packages of one requirements file into it.

``requirements/dev.txt`` holds all of ``base.txt``. What has been installed is remembered as a copy
of the file, so that a second call takes no time and an edited file is noticed. An installation that
was cut short is begun afresh: pip takes a half-written package for a whole one.
"""

from __future__ import annotations

import fcntl
import importlib.util
import shutil
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / "unfinished"
LAUNCHER = """#!{python}
import sys

sys.path.insert(0, {root!r})

from gateway_project.command_line import main

main()
"""
INCLUDED = {"base": ("base",), "dev": ("base", "dev")}


def main(name: str) -> int:
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may start side by side
        try:
            if not is_installed(name):
                prepare_venv()
                if code := install(name):
                    return code
        except KeyboardInterrupt:
            print("\nInterrupted. The next call begins the installation afresh.", file=sys.stderr)
            return 130
        write_launcher(VENV / "bin" / "gatehouse")
        return 0


def is_installed(name: str) -> bool:
    if UNFINISHED.exists() or not is_working():
        return False
    return all(
        stamp(part).exists() and stamp(part).read_bytes() == requirements(part).read_bytes()
        for part in INCLUDED[name]
    )


def requirements(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def stamp(name: str) -> Path:
    """The copy of the requirements file as it was when its packages were installed."""
    return VENV / f"installed-{name}.txt"


def is_working() -> bool:
    """Whether ``.venv`` has a Python that starts: the one it was made from may be gone or old."""
    if not PYTHON.exists():
        return False
    command = [str(PYTHON), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def prepare_venv() -> None:
    if VENV.exists() and (UNFINISHED.exists() or not is_working()):
        shutil.rmtree(VENV)
    if VENV.exists():
        return
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SystemExit(
            f"This Python {version} cannot make virtual environments. On Debian and Ubuntu the "
            f"package python3-venv (or python{version}-venv) adds that; then run make again."
        )
    print(f"Making .venv with Python {sys.version.split()[0]} …", flush=True)
    VENV.mkdir()
    UNFINISHED.touch()
    command = [sys.executable, "-m", "venv", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise SystemExit(f"{made.stdout}{made.stderr}The virtual environment could not be made.")


def install(name: str) -> int:
    UNFINISHED.touch()
    started = time.monotonic()
    print(f"Installing requirements/{name}.txt into .venv; this takes a minute or two, once …")
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "-r", str(requirements(name))]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    )
    last_lines = show_progress(process)
    if process.wait() != 0:
        print(*last_lines, sep="", file=sys.stderr)
        print("The installation failed: pip's last lines are above.", file=sys.stderr)
        return 1
    for part in INCLUDED[name]:
        shutil.copyfile(requirements(part), stamp(part))
    UNFINISHED.unlink()
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def write_launcher(path: Path) -> None:
    """The entry point `gatehouse` of pyproject.toml for this checkout, which pip does not install.

    It goes by the checkout's own path, so that it works from every directory.
    """
    text = LAUNCHER.format(python=PYTHON, root=str(ROOT))
    if path.exists() and path.read_text() == text:
        return
    path.write_text(text)
    path.chmod(0o755)


def show_progress(process: subprocess.Popen[str]) -> deque[str]:
    """Say what pip is at, on a terminal in one line. Returns its last lines."""
    last_lines: deque[str] = deque(maxlen=15)
    fetched = 0
    assert process.stdout is not None
    for line in process.stdout:
        last_lines.append(line)
        if line.startswith("Collecting "):
            fetched += 1
            show(f"  {fetched} packages fetched, at {line.split()[1]}")
        elif line.startswith("Installing collected packages"):
            show(f"  {fetched} packages fetched, now unpacking them")
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    return last_lines


def show(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
