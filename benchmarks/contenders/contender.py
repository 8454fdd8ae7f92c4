"""What every contender can do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.processes import Server


class UnavailableError(Exception):
    """A contender cannot be measured here. The text says why."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A contender that may be started. ``url`` is the base of its API, ``key`` a client's.

    ``headers`` are lines that each request needs besides. One that ``streams`` not is asked for
    whole answers alone.
    """

    server: Server
    url: str
    key: str
    headers: tuple[str, ...] = ()
    streams: bool = True

    @property
    def target(self) -> list[str]:
        """It, as the load generator's arguments."""
        return [self.url, self.key, *(f"--header={line}" for line in self.headers)]


class Contender(Protocol):
    """One server between the load and the upstream, with one worker."""

    name: str

    def prepare(self, directory: Path, upstream: str) -> Prepared:
        """Make what it needs in ``directory``, for the API at ``upstream`` and its model ``mock``.

        Raises :class:`UnavailableError`, or what ``benchmarks.processes`` and
        ``benchmarks.measuring`` raise.
        """
