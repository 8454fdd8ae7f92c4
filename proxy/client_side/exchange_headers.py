"""Headers that tell of a request's way, whatever its view answers."""

from __future__ import annotations

from usage.exchange import Exchange
from wire_formats.payload import CHANGED_HEADER, header_value

Headers = list[tuple[bytes, bytes]]

ATTEMPTS = b"x-gateway-attempts"
QUEUED = b"x-gateway-queued-ms"
CHANGED = CHANGED_HEADER.encode()


def with_exchange(headers: Headers, exchange: Exchange) -> Headers:
    """``headers`` with those of ``exchange``: attempts, waits, limits, changed parameters."""
    if len(exchange.attempts) > 1:
        headers.append((ATTEMPTS, b"%d" % len(exchange.attempts)))
    if exchange.queued_seconds:
        headers.append((QUEUED, b"%d" % round(exchange.queued_seconds * 1000)))
    if exchange.limit_headers:
        headers += exchange.limit_headers
    if exchange.changed_params:
        # An upstream that is a gateway itself may have told of some.
        told = [value for name, value in headers if name == CHANGED]
        headers = [field for field in headers if field[0] != CHANGED]
        own = header_value(exchange.changed_params).encode()
        headers.append((CHANGED, b", ".join([own, *told])))
    return headers
