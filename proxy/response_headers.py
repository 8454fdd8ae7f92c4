"""Which of an upstream's headers a client gets: by allow-list."""

from __future__ import annotations

from collections.abc import Mapping

PASSED_ON = (
    "openai-processing-ms",
    "openai-version",
    "openai-model",
    "x-gateway-dropped-params",  # ours, or that of a gateway behind this one
)
# Keeps buffering proxies from holding a stream back.
STREAMING = {"content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no"}


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an upstream's response that go to the client."""
    return {
        name: value for name in PASSED_ON if (value := headers.get(name)) and value.isprintable()
    }
