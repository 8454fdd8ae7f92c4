"""Names and ids made to fit the alphabet and the length that a format takes.

What is cut keeps a digest of the whole: the same in each request, so that prompts stay the same
from turn to turn, and so do the caches of upstreams; and never that of another name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from hashlib import sha256

FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


def fitted(text: str, *, longest: int, digits: int) -> str:
    """``text`` if it is one of ``A-Za-z0-9_-`` and not too long, else one with a digest."""
    if 0 < len(text) <= longest and not FOREIGN.search(text):
        return text
    return f"{FOREIGN.sub('_', text)[: longest - digits - 1]}_{digest_of(text, digits)}"


def digest_of(text: str, digits: int = 64) -> str:
    """The first hexadecimal ``digits`` of the digest of ``text``."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def aliases(names: Iterable[str], fit: Callable[[str], str]) -> dict[str, str]:
    """Those of ``names`` that ``fit`` changes, by what they become."""
    return {alias: name for name in names if (alias := fit(name)) != name}
