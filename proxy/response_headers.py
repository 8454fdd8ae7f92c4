"""Which of an upstream's headers a client gets: by allow-list."""

from __future__ import annotations

from collections.abc import Iterable

PASSED_ON = {
    b"openai-processing-ms": "openai-processing-ms",
    b"openai-version": "openai-version",
    b"openai-model": "openai-model",
    # Ours, or that of a gateway behind this one.
    b"x-gateway-dropped-params": "x-gateway-dropped-params",
}
# Keeps buffering proxies from holding a stream back.
STREAMING = {"content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no"}


def passed_on(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Those of ``fields``, the headers of an upstream's response, that go to the client."""
    found: dict[str, str] = {}
    for field, value in fields:
        name, text = PASSED_ON.get(field.lower()), value.decode("latin-1")
        if name and text and text.isprintable():
            found[name] = f"{found[name]}, {text}" if name in found else text
    return found
