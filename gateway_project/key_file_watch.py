"""Has a worker take up the keys of connections from files that changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from accounts.changes import DATABASE_ERRORS
from connections.models.key_files import KeyFiles

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


async def follow_key_files(files: KeyFiles, reload: Callable[[], Awaitable[None]]) -> None:
    """Call ``reload`` after each change of one of ``files``. Runs until cancelled.

    A database that does not answer is asked again at the next look.
    """
    is_behind = False
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if not files.is_empty and await asyncio.to_thread(files.changed):
            is_behind = True
        if is_behind:
            try:
                await reload()
                is_behind = False
            except DATABASE_ERRORS as exc:
                logger.warning("changed key files are taken up later: %s", exc)
