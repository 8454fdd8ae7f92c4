"""Programs with clients of other makers: where they run, and how tests speak to them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.environment import clean_environment
from tests.support.processes import PATIENCE_SECONDS

# Where nothing listens: what a program would ask of other hosts by a proxy fails at once.
NOWHERE = "http://127.0.0.1:9"


def isolated(home: Path, **values: str) -> dict[str, str]:
    """An environment in which a program finds no settings but ``values``, and calls loopback."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE)
    own = {"PATH": clean_environment()["PATH"], "HOME": str(home), "CI": "true"}
    return own | proxies | {"NO_PROXY": "127.0.0.1,localhost"} | values


class Conversation:
    """A program that answers each line of JSON with another one."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **question: Any) -> Any:
        """What the program answers. Fails the test if it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        assert told, "the program has ended"
        return json.loads(told)


@contextmanager
def conversation(
    command: Sequence[str], directory: Path, **environment: str
) -> Iterator[Conversation]:
    """Run ``command`` in ``directory``, which is its home, too, until the block ends."""
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=isolated(directory, **environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Conversation(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(PATIENCE_SECONDS)
            finally:
                process.kill()
