"""Make the files that the image has at ``/opt/gatehouse``: the packages, and the code.

``deploy/Dockerfile`` calls it, and it works as well without a container engine:
``python scripts/image_root.py TARGET [--only packages | code]``. Packages are installed by hash,
for the Python that runs this. Both parts come with compiled modules, since nothing can be written
there later. What no process reads at run time is left out.
"""

from __future__ import annotations

import compileall
import py_compile
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What runs beside the rooms, and the texts that licences ask for.
BESIDE = ("manage.py", "templates", "LICENSE", "THIRD_PARTY.md", "licenses")
NOT_RUN = frozenset({"tests", "benchmarks"})
# Sources of translations and of compiled modules, and types.
SOURCES = frozenset({".po", ".pyx", ".pxd", ".pyi", ".c", ".h"})
OF_MACHINES = shutil.ignore_patterns("__pycache__", "*.pyc")


def main() -> None:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("--only", choices=["packages", "code"])
    options = parser.parse_args()
    if options.only != "code":
        install_packages(options.target / "packages")
    if options.only != "packages":
        copy_code(options.target / "app")


def install_packages(target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-input"]
    command += ["--no-cache-dir", "--disable-pip-version-check", "--root-user-action=ignore"]
    command += ["--no-compile", "--quiet", "--target", str(target)]
    command += ["-r", str(ROOT / "requirements" / "base.txt")]
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit("The packages could not be installed.")
    for file in target.rglob("*"):
        if is_surplus(file):
            file.unlink()
    compiled(target)


def is_surplus(file: Path) -> bool:
    """Whether no process reads ``file``. All texts are English: settings have no other language."""
    is_foreign = file.suffix == ".mo" and file.parent.parent.name != "en"
    return (is_foreign or file.suffix in SOURCES) and file.is_file()


def copy_code(target: Path) -> None:
    target.mkdir(parents=True)
    for source in (*rooms(), *(ROOT / name for name in BESIDE)):
        if source.is_dir():
            shutil.copytree(source, target / source.name, ignore=OF_MACHINES)
        else:
            shutil.copyfile(source, target / source.name)
    opened(target)
    compiled(target)


def rooms() -> Iterator[Path]:
    """The packages that the gateway runs on."""
    for file in sorted(ROOT.glob("*/__init__.py")):
        if file.parent.name not in NOT_RUN:
            yield file.parent


def opened(target: Path) -> None:
    """Have all users read what was copied, whatever the umask of the checkout was."""
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def compiled(target: Path) -> None:
    """Compile by content: copies of a file have other times."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(target, quiet=2, invalidation_mode=mode, stripdir=str(target))


if __name__ == "__main__":
    main()
