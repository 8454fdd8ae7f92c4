"""A response that ends only when its usage record outlives the worker.

Where records go to files, they are there when the request's account is closed, and
:class:`~proxy.client_side.outgoing.Outgoing` does. A journal in Redis has to be waited for.
"""

from __future__ import annotations

from proxy.client_side.outgoing import Headers, Outgoing
from usage.ledger import records_written


class RecordedOutgoing(Outgoing):
    """Waits before the last byte, for as long as the journal lets it at the most."""

    async def whole(
        self, status: int, headers: Headers, body: bytes, *, is_sent: bool = True
    ) -> None:
        await records_written()
        await super().whole(status, headers, body, is_sent=is_sent)

    async def finish(self) -> None:
        await records_written()
        await super().finish()
