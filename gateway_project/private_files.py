"""Files for the eyes of the gateway's user alone: made so from the start, and repaired if need be.

Only what the gateway is known to write is ever touched: a DATA_DIR may be shared with other
things. A directory counts as the gateway's when it holds nothing else. Links are not followed, and
what belongs to another user is left alone. Nothing is opened: closing a file of SQLite would give
back the locks that this process holds on it.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

OTHERS = 0o077
HEX = "[0-9a-f]"
# Names of files, and of directories with what is in them.
SPEECH: dict[str, Any] = {
    "tally.*": None,
    "making.lock": None,
    "incoming": {"*.part": None},
    HEX * 2: {HEX * 64: None},
}
DATA: dict[str, Any] = {
    "gatehouse*.db*": None,
    "gatehouse*.yaml": None,
    "secrets.json*": None,
    "journal": {"*.jsonl": None, "*.new": None},
    "metrics": {"*.json": None, "*.lock": None, "*.new": None},
    "backup*": {"gatehouse*": None, "secrets.json*": None},
    "speech": SPEECH,
}
SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal")
FOREIGN_BUT_HARMLESS = frozenset({"lost+found"})


def close_to_others() -> None:
    """Have this process and its children make files that only their user can read."""
    os.umask(os.umask(OTHERS) | OTHERS)


def private_paths(*, below_closed: bool = True) -> Iterator[Path]:
    """All that should be private, as the settings name it.

    Without ``below_closed`` what stands in a subdirectory that is closed already is left out:
    others cannot reach it, and a cache of speech may hold very many files.
    """
    database = Path(settings.DATABASES["default"]["NAME"]) if settings.DATABASE_IS_SQLITE else None
    speech_directory = Path(settings.GATEWAY_SPEECH_CACHE_DIR)
    yield from paths_below(settings.DATA_DIR, speech_directory, database, below_closed=below_closed)


def paths_below(
    data_directory: Path,
    speech_directory: Path,
    database: Path | None,
    *,
    below_closed: bool = True,
) -> Iterator[Path]:
    """All that should be private, directories before what is in them."""
    is_inside = database is not None and database.parent == data_directory
    data = DATA | ({f"{database.name}*": None} if database and is_inside else {})
    yield from _known(data_directory, data, below_closed)
    if not speech_directory.is_relative_to(data_directory):
        yield from _known(speech_directory, SPEECH, below_closed)
    if database is not None:
        yield from (database.with_name(database.name + suffix) for suffix in SQLITE_SUFFIXES)


def exposed(paths: Iterator[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """Those of ``paths`` that others than their user have access to."""
    for path in paths:
        try:
            status = path.lstat()
        except OSError:
            continue
        if not stat.S_ISLNK(status.st_mode) and status.st_mode & OTHERS:
            yield path, status


def repair(paths: Iterator[Path]) -> int:
    """Close ``paths`` to others. Returns how many it closed; what cannot be closed is logged."""
    closed = 0
    for path, status in exposed(paths):
        if status.st_uid != os.geteuid():
            continue
        try:
            path.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)
        except OSError as exc:
            logger.warning("%s cannot be closed to other users: %s", path, exc)
        else:
            closed += 1
    return closed


def _known(directory: Path, names: Mapping[str, Any], below_closed: bool) -> Iterator[Path]:
    """What ``names`` knows below ``directory``, and that itself where it holds nothing else."""
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    matched = [(entry, _match(entry, names)) for entry in entries if not _is_harmless(entry, names)]
    if all(match is not None for _, match in matched) and not _is_public(directory):
        yield directory
    for entry, match in matched:
        if match is not None:
            pattern, is_directory = match
            path = Path(entry.path)
            if not is_directory:
                yield path
            elif below_closed or not _is_closed(entry):
                yield from _known(path, names[pattern], below_closed)


def _is_closed(entry: os.DirEntry[str]) -> bool:
    try:
        return not entry.stat(follow_symlinks=False).st_mode & OTHERS
    except OSError:
        return False


def _is_harmless(entry: os.DirEntry[str], names: Mapping[str, Any]) -> bool:
    """Whether ``entry`` says nothing about its directory: a link in place of one of our files."""
    is_known = any(fnmatchcase(entry.name, pattern) for pattern in names)
    return entry.name in FOREIGN_BUT_HARMLESS or (entry.is_symlink() and is_known)


def _match(entry: os.DirEntry[str], names: Mapping[str, Any]) -> tuple[str, bool] | None:
    """The pattern that knows ``entry`` as what it is, and whether that is a directory."""
    for pattern, below in names.items():
        if fnmatchcase(entry.name, pattern):
            is_directory = entry.is_dir(follow_symlinks=False)
            is_file = entry.is_file(follow_symlinks=False)
            if is_directory if below is not None else is_file:
                return pattern, is_directory
    return None


def _is_public(directory: Path) -> bool:
    """Whether ``directory`` is made for others, however empty it is: /, /tmp, the source tree."""
    source = Path(__file__).resolve().parent.parent
    is_sticky = bool(directory.stat().st_mode & stat.S_ISVTX)
    return is_sticky or directory in {source, *source.parents} or directory.parent == directory
