"""The account of a socket that is passed on: one connection is one request in the ledger."""

from __future__ import annotations

from collections.abc import Callable

from accounts.caller import Caller
from proxy.client_side.errors import StoppedError
from proxy.client_side.request_id import new_request_id
from usage.exchange import Exchange, StopReason, Surface
from usage.in_flight import in_flight


class SocketAccount:
    """``exchange`` is None before :meth:`open` and after :meth:`close`."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None

    def open(
        self, caller: Caller, endpoint: str, model: str, *, on_stop: Callable[[StopReason], None]
    ) -> Exchange:
        """Begin the account. Raises ``StoppedError`` when the worker shuts down."""
        if not in_flight.is_accepting:
            raise StoppedError(StopReason.SHUTTING_DOWN)
        exchange = Exchange(
            request_id=new_request_id(),
            caller=caller,
            endpoint=endpoint,
            model=model,
            is_streamed=True,
            surface=Surface.WEBSOCKET,
        )
        exchange.on_stop = on_stop
        self.exchange = exchange
        in_flight.open(exchange)
        return exchange

    def fail(self, code: str) -> None:
        """Note why the socket ends, while its account is open."""
        if self.exchange is not None:
            self.exchange.error_code = code

    def close(self, status: int, *, is_client_gone: bool = False) -> None:
        """End the account. May be called again."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.status = status
            exchange.is_client_gone = is_client_gone
            in_flight.close(exchange)
