"""Who is reading a recording, for a worker that is about to end."""

from __future__ import annotations

from connections.calling.client import owned_responses
from proxy.client_side.incoming import ApiRequest


class Reader:
    """A request that is answered from a recording; one of the things that it owns.

    It has no exchange: what it reads is accounted for with the request that was recorded.
    """

    def __init__(self, request: ApiRequest) -> None:
        self.stop = request.stop

    async def aclose(self) -> None:
        readers.discard(self)


readers: set[Reader] = set()


def join(request: ApiRequest) -> None:
    """Count ``request``, which is the one at hand, among the readers until it ends."""
    reader = Reader(request)
    readers.add(reader)
    owned = owned_responses.get()
    if owned is not None:
        owned.append(reader)
