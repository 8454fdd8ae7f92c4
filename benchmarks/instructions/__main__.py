"""Count the instructions of a chat and of a streamed chunk, here and in the floor.

``python -m benchmarks.instructions`` needs valgrind and about five minutes. Nothing leaves the
process: no network, no kernel, no load generator, so two runs agree to about 0.1 %. The floor is
uvicorn and aiohttp without any logic. The gateway is counted once more with limits of its user, the
third of which is a budget of money, far from being used up. Threads beside the event loop's are not
counted: they store the records, and the periods of limits with them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import processes
from benchmarks.contenders import Gatehouse
from benchmarks.contenders.contender import Prepared
from benchmarks.instructions import callgrind, figures
from benchmarks.instructions.counted import UPSTREAM


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions", description=__doc__)
    parser.add_argument(
        "--limits", type=int, default=3, help="how many the user has, up to 4; 0: no run with any"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures, too")
    arguments = parser.parse_args()
    if not callgrind.is_here():
        print("valgrind is not on the PATH: nothing was counted.")
        return
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        floor = stretches("floor", prepared(directory / "floor"))
        gateway = stretches("gateway", prepared(directory / "gateway"))
        limited = None
        if arguments.limits:
            limited = stretches("gateway", prepared(directory / "limited", arguments.limits))
    found = figures.Figures.of(gateway, floor, limited)
    print(found.table())
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found.as_json(), indent=2))


def prepared(directory: Path, limits: int = 0) -> Prepared:
    """A gateway of its own in a new ``directory``, whose user has so many limits."""
    directory.mkdir()
    return Gatehouse(limits).prepare(directory, UPSTREAM)


def stretches(kind: str, of: Prepared) -> list[tuple[str, int]]:
    """The stretches of one run under valgrind, with their instructions."""
    environment = of.server.environment
    directory = Path(environment["DATA_DIR"])
    print(f"{directory.name} ...", file=sys.stderr, flush=True)
    output = directory / "callgrind"
    program = [sys.executable, "-m", "benchmarks.instructions.counted", kind, of.key, "--valgrind"]
    done = subprocess.run(
        callgrind.command(output, program),
        cwd=processes.ROOT,
        env=processes.environment(**environment, PYTHONHASHSEED="0"),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"{kind} could not be counted:\n{done.stdout}{done.stderr}")
    with output.open() as lines:
        return callgrind.of_stretches(
            json.loads(done.stdout.splitlines()[-1]), callgrind.counts(lines)
        )


if __name__ == "__main__":
    main()
