"""Names and ids in the one alphabet that Anthropic takes: ``A-Za-z0-9_-``."""

from __future__ import annotations

import re
from hashlib import sha256

FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
LONGEST_ID = 64
LONGEST_NAME = 128
DIGEST = 16


def own_id(call_id: str) -> str:
    """The id of a call."""
    return _own(call_id, LONGEST_ID) if call_id else "call"


def own_name(name: str) -> str:
    """The name of a tool."""
    return _own(name, LONGEST_NAME)


def _own(text: str, longest: int) -> str:
    """``text`` if it can stay, else one that is always the same and no other's."""
    if len(text) <= longest and not FOREIGN.search(text):
        return text
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest()[:DIGEST]
    return f"{FOREIGN.sub('_', text)[: longest - DIGEST - 1]}_{digest}"
