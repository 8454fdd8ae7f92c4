"""The account of a socket that is passed on: one connection is one request in the ledger."""

from __future__ import annotations

from collections.abc import Callable

from accounts.caller import Caller
from models_registry.targets import Target
from proxy.client_side.errors import ApiError, StoppedError
from proxy.client_side.request_id import new_request_id
from proxy.websockets.counting import count_message
from proxy.websockets.response_limits import CREATE, ResponseLimits
from usage.exchange import Exchange, StopReason, Surface
from usage.in_flight import in_flight
from wire_formats.json_types import JsonObject


class SocketAccount:
    """``exchange`` is None before :meth:`open` and after :meth:`close`."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None
        self._limits: ResponseLimits | None = None

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

    def limit(self, target: Target, *, is_realtime: bool) -> None:
        """Have each response that ``target`` is asked for meet the limits of the caller."""
        if self.exchange is not None:
            self._limits = ResponseLimits(self.exchange, target, is_realtime=is_realtime)

    async def admitted(self, message: JsonObject) -> JsonObject:
        """``message``, as it may be sent upstream. Raises ``LimitError`` for a response that may
        not be asked for.
        """
        if self._limits is None or message.get("type") != CREATE:
            return message
        return await self._limits.admitted(message)

    async def count(
        self, message: str | bytes, note: Callable[[JsonObject], None] | None
    ) -> ApiError | None:
        """Take note of a ``message`` of the upstream's: see :func:`count_message`.

        Returns the error for a response that it began by itself, and that a limit refuses.
        """
        if self.exchange is None:
            return None
        count_message(message, self.exchange, note)
        if self._limits is None or not isinstance(message, str):
            return None
        return await self._limits.saw(message)

    def close_by(self, error: ApiError | None) -> None:
        """End the account of a socket that was not opened."""
        if self.exchange is not None and error is not None:
            self.exchange.error_code = error.code or error.type
        self.close(int(error.status) if error else 0)

    def close(self, status: int, *, is_client_gone: bool = False) -> None:
        """End the account. May be called again."""
        exchange, self.exchange = self.exchange, None
        limits, self._limits = self._limits, None
        if limits is not None:
            limits.close()
        if exchange is not None:
            exchange.status = status
            exchange.is_client_gone = is_client_gone
            in_flight.close(exchange)
