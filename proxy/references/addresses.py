"""Addresses of pictures, files and sounds: which of them lead out of the upstream's account."""

from __future__ import annotations

from typing import Any

# Public addresses, and contents that stand in the request itself.
PASSED = ("http://", "https://", "data:")
LONGEST_SCHEME = 8
# Some upstreams take base64 without `data:`. No path and no id is that long.
LONGEST_NAME = 4096


def names_an_object(address: Any) -> bool:
    """Whether ``address`` is of no public place: ``gs://…``, ``s3://…``, ``file:…``, a path, an id.

    The upstream would fetch it with the account of the gateway's key, or from its own disk.
    """
    if not isinstance(address, str) or not address or _is_passed(address):
        return False
    return len(address) <= LONGEST_NAME or ":" in address


def is_elsewhere(content: Any) -> bool:
    """Whether ``content``, which base64 is expected in, is an address that is not public.

    Base64 holds no colon. Readers of URLs remove white space, so a colon counts wherever it is.
    """
    return isinstance(content, str) and ":" in content and not _is_passed(content)


def _is_passed(address: str) -> bool:
    return address[:LONGEST_SCHEME].lower().startswith(PASSED)
