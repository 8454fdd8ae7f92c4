"""Refusals, in the shape OpenAI gives them."""

from __future__ import annotations

from typing import Any

import orjson


class DemoError(Exception):
    """A request that is refused with ``status``. ``allow`` is the method that would do."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        allow: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code
        self.headers = [(b"allow", allow.encode())] if allow else []

    @property
    def body(self) -> bytes:
        error: dict[str, Any] = {
            "message": self.message,
            "type": "invalid_request_error",
            "param": self.param,
            "code": self.code,
        }
        return orjson.dumps({"error": error})
