"""A response that is the answer to a call, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass

from connections.calling.client import UpstreamResponse
from connections.transport.websocket import UpstreamSocket
from models_registry.targets import Target
from proxy.answering.pipelines_server import CallFilters
from proxy.client_side.errors import UpstreamAnswerError
from wire_formats.json_types import JsonObject


# Frozen, and by keywords alone, either takes several times as long to make.
@dataclass(slots=True)
class Whole:
    """A body in one piece: ``body`` as it came, and the JSON object that it is."""

    body: bytes
    answer: JsonObject


@dataclass(slots=True)
class Dispatched:
    """A response, and the target it came from; a success that has begun, once it was dispatched.

    ``filters`` are to see the answer when it is whole; None where the model has none. ``whole`` is
    the answer once it was read, and is known to be no error then.
    """

    target: Target
    response: UpstreamResponse
    filters: CallFilters | None = None
    whole: Whole | None = None

    @property
    def is_success(self) -> bool:
        """Whether the upstream took the request."""
        return 200 <= self.response.status < 300 or self.response.socket is not None

    @property
    def socket(self) -> UpstreamSocket:
        """The socket. Raises ``UpstreamAnswerError`` if the upstream opened none."""
        if self.response.socket is None:
            raise UpstreamAnswerError("The upstream opened no WebSocket.")
        return self.response.socket

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets that no message of the upstream may repeat to a client."""
        return _with(self.target.connection.upstream.secrets, self.response.secrets)

    @property
    def kept_from_errors(self) -> frozenset[str]:
        """The secrets that the upstream's error messages may not repeat to a client."""
        return _with(self.target.connection.upstream.kept_from_errors, self.response.secrets)


def _with(known: frozenset[str], signed: frozenset[str]) -> frozenset[str]:
    """Both; mostly a key of the connection has signed, and no set is made for it."""
    return known if signed <= known else known | signed
