from __future__ import annotations

from urllib.parse import quote

from connections.call import Call
from connections.providers.openai import OpenAIAdapter
from wire_formats.errors import UnsendableError
from wire_formats.payload import Payload


class RawAdapter(OpenAIAdapter):
    """Any path of any upstream, with the body as it is; the host is always the connection's."""

    def url(self, endpoint: str, model: str) -> str:
        """``endpoint`` below the base URL, which it cannot leave. Raises ``UnsendableError``."""
        segments = endpoint.split("/")
        if not all(is_plain(segment) for segment in segments):
            raise UnsendableError("This path cannot be passed on.")
        return "/".join([self.upstream.base_url, *(quote(segment) for segment in segments)])

    def payload(self, call: Call) -> Payload:
        return Payload(call.body)


def is_plain(segment: str) -> bool:
    """Whether no server on the way could read ``segment`` as anything but one segment."""
    return (
        segment not in {"", ".", ".."}
        and segment.isprintable()
        and not any(sign in segment for sign in "\\%;?#")
    )
