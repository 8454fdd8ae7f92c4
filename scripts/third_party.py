"""What THIRD_PARTY.md and the files of requirements say about the work of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Files of requirements that are installed to run Gatehouse, and whether it runs without them.
FILES = {"base": False, "tracing": True}
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*])?==([^\s;\\]+)(?:\s*;\s*([^\\]*?))?\s*\\?$")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
VIA = re.compile(r"^\s+#(?:\s+via)?\s+(?!via$)([A-Za-z0-9_.-]+)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A pinned package. ``hashes`` are SHA-256 in hex, one for each file that may be installed.

    ``wanted_by`` are the packages that need it; ``is_direct``: Gatehouse itself does.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    wanted_by: frozenset[str]
    is_direct: bool
    is_optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The work of others inside a package. ``version`` is empty where it is not told."""

    name: str
    version: str
    licence: str
    package: str
    path: str
    text: str


def packages() -> dict[str, Package]:
    """The pinned packages by name, those of base.txt first."""
    found: dict[str, Package] = {}
    for file, is_optional in FILES.items():
        text = (ROOT / "requirements" / f"{file}.txt").read_text()
        for package in _pinned(text, is_optional=is_optional):
            known = found.setdefault(package.name, package)
            found[package.name] = replace(known, wanted_by=known.wanted_by | package.wanted_by)
    return found


def _pinned(text: str, *, is_optional: bool) -> Iterator[Package]:
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        first, *rest = block.split("\n")
        if pin := PIN.match(first):
            yield Package(
                name=pin[1],
                version=pin[2],
                marker=(pin[3] or "").strip(),
                hashes=tuple(sorted(HASH.findall(block))),
                wanted_by=frozenset(via[1] for line in rest if (via := VIA.match(line))),
                is_direct=" -r requirements/" in block,
                is_optional=is_optional,
            )


def licences() -> dict[str, str]:
    """The licence of each package, as an SPDX expression."""
    return {row[0]: row[1] for row in _rows("Packages")}


def parts() -> list[Part]:
    """The parts inside packages."""
    return [
        Part(
            name=name,
            version=version.strip("–"),
            licence=licence,
            package=package,
            path=path.strip("`"),
            text=text.strip("`"),
        )
        for name, version, licence, package, path, text in _rows("Parts inside packages")
    ]


def _rows(heading: str) -> Iterator[tuple[str, ...]]:
    """The rows of the table under ``heading``, without its head."""
    document = (ROOT / "THIRD_PARTY.md").read_text()
    section = document.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield tuple(cell.strip() for cell in line.strip("|").split("|"))
