"""The password of a connection's proxy, which is not shown, and what is sent back in its place."""

from __future__ import annotations

from accounts.outgoing_proxies import HIDDEN, split_credentials
from connections.configuration.stored_headers import HiddenValueError
from connections.models import Connection


def revealed_proxy(url: str, row: Connection | None) -> str:
    """``url`` with the password that ``row`` has stored in the place of what stands for it.

    It is stored for this very proxy and user. Raises :class:`HiddenValueError`, which completes
    "The proxy …".
    """
    if HIDDEN not in split_credentials(url)[1]:
        return url
    if row is None or url != row.masked_proxy:
        raise HiddenValueError("holds a hidden password that is not stored: give it again")
    stored: str = row.proxy_url
    return stored
