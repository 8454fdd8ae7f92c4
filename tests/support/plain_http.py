"""How tests call servers on loopback with httpx: ``httpx.get(url, **PLAIN_HTTP)``."""

from __future__ import annotations

import ssl
from typing import Any

from tests.support.processes import PATIENCE_SECONDS

PLAIN_HTTP: dict[str, Any] = {
    "trust_env": False,
    "timeout": PATIENCE_SECONDS,
    # Without CAs: no client of plain HTTP asks for them, and each would take 30 ms to read them.
    "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
}
