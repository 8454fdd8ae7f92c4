"""Run the files of ``scripts/image_root.py`` as a container engine would, without one.

``python scripts/image_run.py TREE DATA [--env NAME=VALUE]… [COMMAND…]``, as root on Linux. User,
directory, environment and command are read from ``deploy/Dockerfile``. All is read-only except for
``/data`` and ``/tmp``, no privilege is left, and the gateway is process 1. In the place of the base
image is this machine's ``/usr`` with the Python that runs this. The network is the machine's.
"""

from __future__ import annotations

import json
import os
import re
import sys
from argparse import REMAINDER, ArgumentParser
from dataclasses import dataclass
from pathlib import Path

DOCKERFILE = Path(__file__).resolve().parent.parent / "deploy" / "Dockerfile"
PLACE = Path("/opt/gatehouse")
BASE = ("/usr", "/bin", "/lib", "/lib64", "/etc/ssl", "/etc/hosts", "/etc/resolv.conf")
# $1 is an empty directory, $2 the workdir, $3 the user, $4 the group; the command follows.
INSIDE = """
mount -t proc proc "$1/proc"
mount -o remount,bind,ro "$1"
root=$1 directory=$2 user=$3 group=$4
shift 4
exec chroot "$root" setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs \
    --inh-caps -all --bounding-set -all sh -c 'cd "$0" && exec "$@"' "$directory" "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What the last stage of the Dockerfile says of a container."""

    environment: dict[str, str]
    directory: str
    user: str
    group: str
    entrypoint: list[str]
    command: list[str]


def read_image(dockerfile: Path = DOCKERFILE) -> Image:
    stage = dockerfile.read_text().rpartition("\nFROM ")[2]
    told = dict(re.findall(r"^(WORKDIR|USER|ENTRYPOINT|CMD) (.+)$", stage, re.MULTILINE))
    user, _, group = told["USER"].partition(":")
    return Image(
        environment=dict(re.findall(r"^ENV (\w+)=(.*)$", stage, re.MULTILINE)),
        directory=told["WORKDIR"],
        user=user,
        group=group,
        entrypoint=json.loads(told["ENTRYPOINT"]),
        command=json.loads(told["CMD"]),
    )


def main() -> None:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("data", type=Path, help="an existing directory, which becomes /data")
    parser.add_argument("--packages", type=Path, help="in the place of TREE/packages")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("arguments", nargs=REMAINDER, help="in the place of the Dockerfile's CMD")
    options = parser.parse_args()
    image = read_image()
    os.chown(options.data, int(image.user), int(image.group))
    packages = options.packages or options.tree / "packages"
    python = Path(sys.executable).resolve()
    steps = mounts(options.tree / "app", packages, options.data, Path(sys.base_prefix).resolve())
    values = image.environment | dict(each.partition("=")[::2] for each in options.env)
    assigned = [f"{name}={value}" for name, value in values.items()]
    entrypoint = [str(python), *image.entrypoint[1:]]
    command = ["env", "-i", "PATH=/usr/bin:/bin", *assigned, *entrypoint]
    command += options.arguments or image.command
    script = "set -eu\numask 022\n" + "\n".join(steps) + INSIDE
    arguments = ["/mnt", image.directory, image.user, image.group, *command]
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    os.execvp(alone[0], [*alone, "sh", "-c", script, "image_run", *arguments])


def mounts(code: Path, packages: Path, data: Path, prefix: Path) -> list[str]:
    """Lines of shell that lay out the root at ``$1``; the namespace takes them along at its end."""
    steps = [
        'mount -t tmpfs -o mode=755 image "$1"',
        'mkdir "$1/proc" "$1/dev" "$1/tmp" "$1/data" "$1/etc"',
        'mount -t tmpfs -o mode=1777 tmp "$1/tmp"',
        'mount --rbind /dev "$1/dev"',
        f'mount --bind "{data.resolve()}" "$1/data"',
    ]
    shown = {Path(path): Path(path) for path in BASE} | {prefix: prefix}
    shown |= {PLACE / "app": code.resolve(), PLACE / "packages": packages.resolve()}
    for place, source in shown.items():
        if source.exists() and not (place == prefix and prefix.is_relative_to("/usr")):
            steps += bound(source, place)
    return steps


def bound(source: Path, place: Path) -> list[str]:
    """``source`` at ``place``, read-only."""
    made = "mkdir -p" if source.is_dir() else "touch"
    parents = f'mkdir -p "$1{place.parent}"'
    return [parents, f'{made} "$1{place}"', f'mount --bind -o ro "{source}" "$1{place}"']


if __name__ == "__main__":
    main()
