"""The gateways that a request has passed, so that one that comes back is found.

Each gateway adds its id to the header ``x-gateway-hops`` of what it sends to upstreams. To gateways
it also says in lists of models, in ``gateway_path``, which gateways a call of each model passes.
Neither is signed: a forged header has the request refused, and nothing else.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings

HOPS_HEADER = "x-gateway-hops"
PATH_FIELD = "gateway_path"
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
LONGEST_HEADER = 4096


@lru_cache(maxsize=1)
def own_id() -> str:
    """The id of this gateway: the same for all workers of one, and nothing can be told from it.

    Gateways with the same ``SECRET_KEY`` and the same database are one.
    """
    database = settings.DATABASES["default"]
    named = [str(database.get(name, "")) for name in ("ENGINE", "HOST", "PORT", "NAME")]
    key = settings.SECRET_KEY.encode()
    return hmac.digest(key, "\n".join(["gateway-hops", *named]).encode(), "sha256").hex()[:16]


def read_hops(header: str) -> tuple[str, ...]:
    """The ids in ``header``, the first gateway first. Raises ``ValueError``."""
    hops = tuple(hop.strip() for hop in header.split(","))
    if len(header) > LONGEST_HEADER or not all(ID.fullmatch(hop) for hop in hops):
        raise ValueError("not a list of ids")
    return hops


def with_own(hops: str) -> str:
    """``hops``, the header of the client's request or empty, and behind it this gateway."""
    return f"{hops}, {own_id()}" if hops else own_id()


def is_loop(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a gateway refused a request since it was there before, or came too far."""
    return status == HTTPStatus.LOOP_DETECTED and HOPS_HEADER in headers


def path_of(entry: dict[str, Any]) -> tuple[str, ...]:
    """The gateways that a call of the model ``entry`` passes, as an upstream lists it."""
    path = entry.get(PATH_FIELD)
    return tuple(map(str, path)) if isinstance(path, list) else ()


def leads_back(entry: dict[str, Any]) -> bool:
    """Whether a call of the model ``entry`` would come back here, or pass too many gateways."""
    path = path_of(entry)
    return own_id() in path or len(path) >= settings.GATEWAY_MAX_HOPS
