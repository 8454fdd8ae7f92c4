"""A client's request as views see it."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest, get_script_prefix

from proxy.client_side.incoming import IncomingBody
from proxy.client_side.outgoing import Outgoing
from usage.exchange import Exchange, StopReason

OWN_NAMES = {b"content-length": "CONTENT_LENGTH", b"content-type": "CONTENT_TYPE"}
LONGEST_KNOWN = 50  # bytes of a name that is remembered: clients choose them
PLAIN_TYPES = frozenset({"", "application/json"})  # without parameters


class ApiRequest(ASGIRequest):
    """Django's request without its body handling: ``incoming`` reads the body, under our cap.

    ``outgoing`` is where its answer will go, and ``serving`` the task that sees to that.
    """

    def __init__(
        self,
        scope: dict[str, Any],
        incoming: IncomingBody,
        outgoing: Outgoing,
        *,
        request_id: str,
        serving: asyncio.Task[Any],
    ) -> None:
        # In place of ASGIRequest's own, which takes each name of a header apart again.
        self.scope = scope
        self._post_parse_error = self._read_started = False
        self._stream = BytesIO()
        self.resolver_match = None
        self.method = method = scope["method"].upper()
        self.path = path = scope["path"]
        self.script_name = prefix = get_script_prefix(scope)
        self.path_info = path = path.removeprefix(prefix) if prefix else path
        self.META = meta_of(scope, method=method, script_name=prefix, path=path)
        self.content_type, self.content_params = self.META.get("CONTENT_TYPE", ""), {}
        if self.content_type not in PLAIN_TYPES:
            self._set_content_type_params(self.META)  # type: ignore[attr-defined]
        self.incoming = incoming
        self.outgoing = outgoing
        self.request_id = request_id
        self.application: Any = None  # the ASGI application, for views that make inner requests
        self.exchange: Exchange | None = None  # set once the request is accepted
        self.stopped_for: StopReason | None = None
        self._serving = serving

    async def load_body(self) -> bytes:
        """Read the body into ``self.body``, where DRF's parsers find it, and return it."""
        body = await self.incoming.read()
        self._body = body
        # DRF reads no body without a declared length, and chunked requests declare none.
        self.META["CONTENT_LENGTH"] = str(len(body))
        return body

    def stop(self, reason: StopReason) -> None:
        """Have the task that serves the request tell the client why it ends; cut it if asked twice.

        The second time is for clients that do not read.
        """
        if self.stopped_for is not None:
            self.outgoing.give_up()
        else:
            self.stopped_for = reason
            self._serving.cancel()

    def close(self) -> None:
        """Nothing is held: no temporary file, no upload."""


def meta_of(scope: dict[str, Any], *, method: str, script_name: str, path: str) -> dict[str, Any]:
    """The ``META`` that ``ASGIRequest`` makes of ``scope``. Raises ``UnicodeDecodeError``."""
    host, port = scope.get("server") or ("unknown", 0)
    meta: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": scope.get("query_string", b"").decode(),
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
    }
    if client := scope.get("client"):
        meta["REMOTE_ADDR"] = meta["REMOTE_HOST"] = client[0]
        meta["REMOTE_PORT"] = client[1]
    meta["SERVER_NAME"], meta["SERVER_PORT"] = host, str(port)
    for field, value in scope.get("headers", ()):
        name = _known_name(field) if len(field) <= LONGEST_KNOWN else _name_of(field)
        if name:
            text = value.decode("latin-1")
            meta[name] = f"{meta[name]},{text}" if name in meta else text
    return meta


def _name_of(field: bytes) -> str:
    """The key for a header; empty for one that could be mistaken for another."""
    if b"_" in field:
        return ""
    return OWN_NAMES.get(field) or f"HTTP_{field.decode('latin-1').upper().replace('-', '_')}"


_known_name = lru_cache(maxsize=1024)(_name_of)
