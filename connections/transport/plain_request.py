"""aiohttp's request without the headers that it would add.

``gateway_project/private_members`` lists what it relies on within aiohttp.
"""

from __future__ import annotations

from collections.abc import Iterable

import aiohttp
from aiohttp.hdrs import CONTENT_TYPE
from multidict import CIMultiDict


class PlainRequest(aiohttp.ClientRequest):
    """Adds what HTTP cannot do without, and nothing else.

    aiohttp's ``skip_auto_headers`` says the same, and copies all headers to find out what to skip.
    """

    _skip_auto_headers: CIMultiDict[None] | None = CIMultiDict({CONTENT_TYPE: None})

    def update_auto_headers(self, skip_auto_headers: Iterable[str] | None) -> None:
        """No ``accept``, no ``accept-encoding``, no ``user-agent``."""
