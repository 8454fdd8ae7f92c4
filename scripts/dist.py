"""Make a release of the commit that is checked out: sources, bill of materials, SHA256SUMS.

The same commit gives the same bytes, on any machine. ``python scripts/dist.py DIRECTORY``
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import tomllib
import zlib
from pathlib import Path

from sbom import bill, commit_epoch
from third_party import ROOT

GZIP_HEAD = bytes.fromhex("1f8b0800 00000000 02ff".replace(" ", ""))  # without name and time


def main(directory: Path) -> None:
    changed = ["git", "status", "--porcelain", "--untracked-files=no"]
    if subprocess.run(changed, cwd=ROOT, capture_output=True, check=True).stdout:
        raise SystemExit("A release is made of a commit, and files differ from it. Commit them.")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    epoch = commit_epoch()
    directory.mkdir(parents=True, exist_ok=True)
    files = {
        f"gatehouse-{version}.tar.gz": gzipped(sources(f"gatehouse-{version}", epoch)),
        f"gatehouse-{version}.cdx.json": bill(epoch).encode(),
    }
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    files["SHA256SUMS"] = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()
    for name, content in files.items():
        (directory / name).write_bytes(content)
    print((directory / "SHA256SUMS").read_text(), end="")


def sources(prefix: str, epoch: int) -> bytes:
    """The files of the commit as a tar archive, without what differs between machines."""
    archived = subprocess.run(
        ["git", "archive", f"--prefix={prefix}/", "HEAD"], cwd=ROOT, capture_output=True, check=True
    )
    made = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archived.stdout)) as tree,
        tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as target,
    ):
        for entry in sorted(tree, key=lambda each: each.name):
            entry.mtime, entry.uid, entry.gid = epoch, 0, 0
            entry.uname = entry.gname = ""
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            entry.pax_headers = {}
            target.addfile(entry, tree.extractfile(entry) if entry.isfile() else None)
    return made.getvalue()


def gzipped(content: bytes) -> bytes:
    """``content`` in a gzip file. Stored and not deflated: versions of zlib deflate differently."""
    deflate = zlib.compressobj(0, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflate.compress(content) + deflate.flush()
    tail = zlib.crc32(content).to_bytes(4, "little") + (len(content) % 2**32).to_bytes(4, "little")
    return GZIP_HEAD + packed + tail


if __name__ == "__main__":
    main(Path(sys.argv[1]))
