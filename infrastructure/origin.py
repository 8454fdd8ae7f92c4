"""Where the changes come from that are being made: for the history of changes.

Whatever makes changes says so in a ``with made_by(…)`` block: the middleware for pages, the command
line for commands, the start of a worker for the environment. It holds for threads that are started
with this context, as those of ``sync_to_async`` are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Way(StrEnum):
    """How a change came about."""

    PAGE = "page"  # the admin, the portal, a page to sign in
    API = "api"
    COMMAND = "command"
    ENVIRONMENT = "environment"
    GATEWAY = "gateway"  # a worker by itself, such as for a person it sees for the first time


def no_user() -> Any:
    """The user behind a change that has none."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """``name`` is the page's path or the command's name. ``user`` is asked when a change is made,
    as a request that changes nothing need not know its user."""

    way: Way
    name: str = ""
    address: str | None = None
    user: Callable[[], Any] = no_user


_current: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current_origin() -> Origin | None:
    """The origin of the changes that are made now; None where it is not told."""
    return _current.get()


@contextmanager
def made_by(origin: Origin) -> Iterator[None]:
    """Name the origin of all changes in the block. The innermost block counts."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
