"""Requests that came through other gateways, and those that came back to this one."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings

from connections.hops import HOPS_HEADER, own_id, read_hops
from proxy.client_side.errors import ApiError, InvalidRequestError


class LoopError(ApiError):
    """The request was here before, or has passed too many gateways. Nothing was done with it.

    The header tells gateways that the status is one of them: no other server sends it.
    """

    status = HTTPStatus.LOOP_DETECTED
    code = "loop_detected"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        headers = {"x-should-retry": "false", HOPS_HEADER: own_id()}
        super().__init__(message, code=code, headers=headers)


def comes_back() -> LoopError:
    return LoopError(
        "The request came back to a gateway that it had passed: one of the connections leads back "
        "to this gateway. An administrator must change or disable it."
    )


def check_hops(header: str) -> None:
    """Raises ``ApiError`` for a request whose ``x-gateway-hops`` allow no further hop."""
    try:
        hops = read_hops(header)
    except ValueError as exc:
        raise InvalidRequestError(
            f"The header {HOPS_HEADER} is not valid. Only gateways set it.", param=HOPS_HEADER
        ) from exc
    if own_id() in hops:
        raise comes_back()
    if len(hops) >= settings.GATEWAY_MAX_HOPS:
        raise LoopError(
            f"The request has passed {len(hops)} gateways, and {settings.GATEWAY_MAX_HOPS} are "
            "the limit (GATEWAY_MAX_HOPS).",
            code="too_many_hops",
        )
