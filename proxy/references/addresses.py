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
    if not isinstance(address, str) or not address:
        return False
    if address[:LONGEST_SCHEME].lower().startswith(PASSED):
        return False
    return len(address) <= LONGEST_NAME or ":" in address[:LONGEST_NAME]
