"""The ids of what the gateway keeps. They tell it from what upstreams keep, and nothing else."""

from __future__ import annotations

import re
import secrets
from typing import Any, TypeGuard

RESPONSE, CONVERSATION = "resp_gw", "conv_gw"
MARK = b"_gw_"  # in each of the gateway's ids, and in few other requests
OWN = re.compile(r"(?:resp|conv)_gw_[0-9a-z]{16,64}")
OWN_ITEM = re.compile(r"[a-z]{1,8}_gw_[0-9a-z_]{16,64}")


def new_id(prefix: str) -> str:
    """An id that nobody can guess."""
    return f"{prefix}_{secrets.token_hex(16)}"


def is_own(value: Any) -> TypeGuard[str]:
    """Whether ``value`` can only be an id that the gateway gave to what it keeps itself."""
    return isinstance(value, str) and OWN.fullmatch(value) is not None


def new_item_id(prefix: str) -> str:
    """An id for an item that came without one."""
    return new_id(f"{prefix}_gw")


def is_own_item(value: Any) -> TypeGuard[str]:
    """Whether ``value`` can only be an id that the gateway gave to an item."""
    return isinstance(value, str) and OWN_ITEM.fullmatch(value) is not None
