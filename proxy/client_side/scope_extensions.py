"""The names under which ``scope["extensions"]`` holds what is ours. No client can set any of it."""

from __future__ import annotations

from typing import Any

SURFACE_EXTENSION = "gatehouse.surface"  # Surface: of a request that the gateway makes itself
REQUEST_ID_EXTENSION = "gatehouse.request_id"  # str: of such a request
GONE_EXTENSION = "gatehouse.when_gone"  # told once the client has left
BODY_EXTENSION = "gatehouse.body"  # takes a body of at most so many bytes, if all of it has come
ABORT_EXTENSION = "gatehouse.abort"  # drops the client's connection
RESPONSE_EXTENSION = "gatehouse.response"  # writes a whole response without a task
WRITE_EXTENSION = "gatehouse.write"  # writes bytes of a body without a task


def extensions_of(scope: Any) -> dict[str, Any]:
    """The extensions that the server or the gateway has added to ``scope``."""
    return scope.get("extensions") or {}
