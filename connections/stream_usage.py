"""Asking for the token counts of a stream, whether or not the client did.

Without ``stream_options`` most upstreams do not tell them; some refuse a request that has it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from connections.call import Call
from connections.client import UpstreamResponse
from connections.errors import MidStreamError

ENDPOINTS = frozenset({"chat/completions", "completions"})
FIELD = "stream_options"
REFUSALS = frozenset({400, 422})
LARGEST_REFUSAL_BYTES = 256 * 1024


@dataclass(slots=True)
class StreamUsage:
    """What one connection is known to make of ``stream_options``."""

    is_refused: bool = False

    def asking(self, call: Call) -> Call:
        """``call`` with the question in it; the very same if that is not needed or of no use."""
        if self.is_refused or not call.is_streamed or call.endpoint not in ENDPOINTS:
            return call
        given = call.body.get(FIELD)
        options = given if isinstance(given, dict) else {}
        if options.get("include_usage") is True or not isinstance(given, dict | None):
            return call
        return replace(call, body=call.body | {FIELD: options | {"include_usage": True}})

    async def notice_refusal(self, response: UpstreamResponse) -> bool:
        """Whether ``response`` refuses the question, which is then not asked again."""
        if response.status not in REFUSALS:
            return False
        try:
            body = await response.read(LARGEST_REFUSAL_BYTES)
        except MidStreamError:
            return False
        self.is_refused = FIELD.encode() in body
        return self.is_refused
