"""One line on stderr for each request: who, what, how it went. No prompt, no key, no address.

Going through the logging of the standard library would cost as much as the rest of the ledger.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson

from usage.attempts import attempt_lines
from usage.record import UsageRecord

STDERR = 2


def write_to_stderr(line: bytes) -> None:
    with suppress(OSError):  # nobody reads any more
        os.write(STDERR, line)


class RequestLog:
    """``log_format`` is ``json`` or ``console``, as for all other lines."""

    def __init__(
        self, log_format: str, *, write: Callable[[bytes], None] = write_to_stderr
    ) -> None:
        self._render = _as_json if log_format == "json" else _as_text
        self._write = write

    def add(self, record: UsageRecord) -> None:
        self._write(self._render(record))


def _fields(record: UsageRecord) -> dict[str, Any]:
    waited = {"queued_ms": record.queued_ms} if record.queued_ms else {}
    return waited | {
        "event": "request",
        "level": "info",
        "logger": "usage",
        "timestamp": datetime.now(UTC).isoformat(),
        "request_id": record.request_id,
        "key": record.key_hint,
        "user_id": record.user_id,
        "endpoint": record.endpoint,
        "model": record.model,
        "connection": record.connection,
        "attempts": record.attempts,
        "attempt_log": "; ".join(attempt_lines(record.attempt_log)),
        "status": record.status,
        "error_code": record.error_code,
        "client_gone": record.is_client_gone,
        "ttft_ms": record.first_byte_ms,
        "duration_ms": record.duration_ms,
        "prompt_tokens": record.prompt_tokens,
        "completion_tokens": record.completion_tokens,
    }


def _as_json(record: UsageRecord) -> bytes:
    try:
        return orjson.dumps(_fields(record), option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:  # half a surrogate in the name of a model
        return _as_text(record)


def _as_text(record: UsageRecord) -> bytes:
    """Escaped, so that the name of a model neither ends the line nor moves the cursor."""
    fields = _fields(record)
    del fields["event"], fields["level"], fields["logger"]
    moment = fields.pop("timestamp")
    shown = " ".join(
        f"{name}={ascii(value)[:300]}" for name, value in fields.items() if value not in {None, ""}
    )
    return f"{moment} [info     ] request {shown}\n".encode()
