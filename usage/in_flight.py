"""The requests this worker is answering, and who is told when one has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from usage.exchange import Exchange

Listener = Callable[[Exchange], None]


class InFlight:
    """Exchanges by request id. Each is opened once, and closed once however it ends."""

    def __init__(self) -> None:
        self._exchanges: dict[str, Exchange] = {}
        self._listeners: list[Listener] = []
        self.is_accepting = True  # False once the worker takes no more requests

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._exchanges.values()))

    def __len__(self) -> int:
        return len(self._exchanges)

    def find(self, request_id: str) -> Exchange | None:
        """The request of that id, if it is here."""
        return self._exchanges.get(request_id)

    def open(self, exchange: Exchange) -> None:
        self._exchanges[exchange.request_id] = exchange

    def close(self, exchange: Exchange) -> None:
        """Tell ``on_end``, then the listeners, that ``exchange`` has ended. Again does nothing.

        Synchronous, since it runs while a cancelled request is being cleaned up.
        """
        if self._exchanges.pop(exchange.request_id, None) is None:
            return
        if exchange.on_end is not None:
            exchange.on_end(exchange)
        for listener in self._listeners:
            listener(exchange)
        # Both refer to the request; this reference cycle would keep it until a garbage collection.
        exchange.on_stop = exchange.still_allowed = exchange.on_end = None

    def on_close(self, listener: Listener) -> None:
        """Have ``listener`` called with every exchange that ends. It must not wait or raise."""
        self._listeners.append(listener)

    def forget(self, listener: Listener) -> None:
        """Tell ``listener`` no more."""
        self._listeners.remove(listener)


in_flight = InFlight()
