"""Valgrind's side: the command, and what it wrote down."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from benchmarks.instructions.marks import MARK_SYMBOL

LINE = re.compile(r"(part|thread|summary): (\d+)")
LOOP_THREAD = 1  # the others wait for the database


def is_here() -> bool:
    return shutil.which("valgrind") is not None


def command(output: Path, program: list[str]) -> list[str]:
    """``program`` under valgrind, which writes its counts to ``output``."""
    return [
        "valgrind",
        "--tool=callgrind",
        "--instr-atstart=no",  # a start takes a minute otherwise; see begin()
        f"--dump-before={MARK_SYMBOL}*",
        "--combine-dumps=yes",
        "--separate-threads=yes",
        f"--callgrind-out-file={output}",
        *program,
    ]


def begin() -> None:
    """Have this process, which valgrind runs, counted from now on."""
    switch = subprocess.Popen(
        ["callgrind_control", "--instr=on", str(os.getpid())], stdout=subprocess.DEVNULL
    )
    while switch.poll() is None:  # busy: valgrind listens between two blocks of instructions
        pass


def counts(lines: Iterable[str]) -> list[int]:
    """The instructions of the event loop's thread before each mark, and those behind the last."""
    found: list[int] = []
    thread = 0
    for line in lines:
        match = LINE.match(line)
        if match is None:
            continue
        number = int(match[2])
        if match[1] == "thread":
            thread = number
        elif match[1] == "summary" and thread == LOOP_THREAD:
            found.append(number)
    return found


def of_stretches(names: list[str], found: list[int]) -> list[tuple[str, int]]:
    """Each stretch with its instructions. The first count is that of the start."""
    if len(found) < len(names):
        raise ValueError(f"{len(found)} counts for {len(names)} marks")
    return list(zip(names, found[1:], strict=False))
