"""Event loops whose time passes only while nothing else can happen."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

Parameters = ParamSpec("Parameters")


class _Jumping(selectors.SelectSelector):
    """In place of waiting, the time is moved to where the next timer is due."""

    at = 0.0

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if timeout is None and not events:
            raise RuntimeError("Nothing is ready and no timer is set: this would wait for ever.")
        if not events and timeout is not None and timeout > 0:
            self.at += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.at


def in_virtual_time(
    test: Callable[Parameters, Coroutine[Any, Any, None]],
) -> Callable[Parameters, None]:
    """A test whose ``asyncio.sleep`` and timeouts take no time, and come in their order."""

    @functools.wraps(test)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def virtual_now() -> float:
    """Seconds on the clock of the running loop."""
    return asyncio.get_running_loop().time()
