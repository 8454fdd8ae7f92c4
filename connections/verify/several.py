"""Several connections at once, over a pool of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from connections.calling.client_of_settings import open_client
from connections.upstream import Upstream
from connections.verify.result import Verification
from connections.verify.run import verify


async def verify_all(
    upstreams: Iterable[Upstream],
    *,
    model: str = "",
    stream: bool = False,
    timeout_seconds: float = 10,
) -> list[Verification]:
    """Verify ``upstreams`` at the same time, as :func:`verify` does each. In their order."""
    async with open_client() as client:
        return await asyncio.gather(
            *(
                verify(
                    upstream,
                    client=client,
                    model=model,
                    stream=stream,
                    timeout_seconds=timeout_seconds,
                )
                for upstream in upstreams
            )
        )
