"""TLS contexts, one for each way of verifying, built once."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

import httpx


def tls_context(verify: bool | Path) -> ssl.SSLContext:
    """The context for ``verify``: True, False, or a file of CA certificates in PEM form.

    A CA file that has changed is read again. Raises ``httpx.ConnectError`` when it cannot be read.
    """
    if isinstance(verify, bool):
        return _context(verify)
    try:
        return _context_of_file(str(verify), verify.stat().st_mtime_ns)
    except OSError as exc:  # ssl.SSLError, which is what a file without certificates raises, is one
        raise httpx.ConnectError(f"The CA file {verify.name} cannot be read.") from exc


@lru_cache(maxsize=2)
def _context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@lru_cache(maxsize=64)
def _context_of_file(path: str, _modified_ns: int) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=path)
    context.set_alpn_protocols(["http/1.1"])
    return context
