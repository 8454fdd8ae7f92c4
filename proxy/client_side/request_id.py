"""The names of requests."""

from __future__ import annotations

import secrets
import time


def new_request_id() -> str:
    """Unique, and sorted by time, which keeps the index of the usage records small."""
    return f"req_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
