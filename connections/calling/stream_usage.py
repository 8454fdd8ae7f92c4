"""Asking for the token counts of a stream, whether or not the client did.

Without ``stream_options`` most upstreams do not tell them; some refuse a request that has it.
"""

from __future__ import annotations

from dataclasses import dataclass

from connections.call import Call
from connections.calling.client import UpstreamResponse
from connections.errors import MidStreamError
from wire_formats.endpoints import CHUNKS

FIELD = "stream_options"
REFUSALS = frozenset({400, 422})
LARGEST_REFUSAL_BYTES = 256 * 1024


@dataclass(slots=True)
class StreamUsage:
    """The known effect of ``stream_options`` on one connection."""

    is_refused: bool = False

    def asking(self, call: Call) -> Call:
        """``call`` with the question in it; the very same if that is not needed or of no use."""
        if self.is_refused or not call.is_streamed or call.endpoint not in CHUNKS:
            return call
        given = call.body.get(FIELD)
        options = given if isinstance(given, dict) else {}
        if options.get("include_usage") is True or not isinstance(given, dict | None):
            return call
        return call.with_body(call.body | {FIELD: options | {"include_usage": True}})

    async def seems_refused(self, response: UpstreamResponse) -> bool:
        """Whether ``response`` may refuse the question, so that it is worth a try without.

        It may as well repeat what the client wrote. Only if that try goes well, the question is
        not asked again: see :meth:`notice`.
        """
        if response.status not in REFUSALS:
            return False
        try:
            body = await response.read(LARGEST_REFUSAL_BYTES)
        except MidStreamError:
            return False
        return FIELD.encode() in body

    def notice(self, response: UpstreamResponse) -> None:
        """Learn from the ``response`` to a try without the question; a failure teaches nothing."""
        if 200 <= response.status < 300:
            self.is_refused = True
