"""Taking a cancellation back."""

from __future__ import annotations

import asyncio


def uncancel() -> None:
    """Have the running task go on as if it had not been cancelled."""
    task = asyncio.current_task()
    while task is not None and task.uncancel():
        pass
