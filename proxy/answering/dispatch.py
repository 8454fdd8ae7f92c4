"""Getting a call answered by one of its targets. The only place that decides about another try."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connections.auth.base import AuthUnavailableError
from connections.call import Call
from connections.calling.client import UpstreamClient, UpstreamResponse
from connections.errors import MidStreamError, NotSentError, UpstreamError
from connections.hops import is_loop
from connections.transport.websocket import UpstreamSocket
from infrastructure.seldom import SeldomLog
from models_registry.targets import Target
from proxy.answering.lacking import STATUSES, says_path_is_missing
from proxy.answering.pipelines_server import CallFilters, filtered_call
from proxy.answering.upstream_errors import error_from_response
from proxy.client_side.errors import ApiError, UpstreamAnswerError, UpstreamUnavailableError
from proxy.client_side.hops import comes_back
from proxy.client_side.response_headers import is_plain
from resilience.outcomes import Kind
from usage.attempts import Attempt
from usage.exchange import Exchange
from wire_formats.errors import UnsendableError

logger = logging.getLogger(__name__)
seldom = SeldomLog(logger)

LARGEST_ERROR_BYTES = 256 * 1024
# The last one: another provider may know what this one cannot be asked.
NOTHING_WAS_SENT = (NotSentError, AuthUnavailableError, UnsendableError)
KINDS = {
    401: Kind.KEY_REFUSED,
    403: Kind.KEY_REFUSED,
    402: Kind.OUT_OF_QUOTA,
    429: Kind.RATE_LIMITED,
    503: Kind.OVERLOADED,
    529: Kind.OVERLOADED,
} | dict.fromkeys((400, 404, 409, 413, 415, 422), Kind.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """A response, and the target it came from; a success, once it has been dispatched.

    ``filters`` are to see the answer when it is whole; None where the model has none.
    """

    target: Target
    response: UpstreamResponse
    filters: CallFilters | None = None

    @property
    def is_success(self) -> bool:
        """Whether the upstream took the request."""
        return 200 <= self.response.status < 300 or self.response.socket is not None

    @property
    def socket(self) -> UpstreamSocket:
        """The socket. Raises ``UpstreamAnswerError`` if the upstream opened none."""
        if self.response.socket is None:
            raise UpstreamAnswerError("The upstream opened no WebSocket.")
        return self.response.socket

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets that no message of the upstream may repeat to a client."""
        return _with(self.target.connection.upstream.secrets, self.response.secrets)

    @property
    def kept_from_errors(self) -> frozenset[str]:
        """The secrets that the upstream's error messages may not repeat to a client."""
        return _with(self.target.connection.upstream.kept_from_errors, self.response.secrets)


def _with(known: frozenset[str], signed: frozenset[str]) -> frozenset[str]:
    """Both; mostly a key of the connection has signed, and no set is made for it."""
    return known if signed <= known else known | signed


async def dispatch(
    client: UpstreamClient,
    targets: Sequence[Target],
    call_for: Callable[[Target], Call],
    *,
    exchange: Exchange,
    forward_user_info: bool,
    is_long: bool = False,
) -> Dispatched:
    """Call the targets in order until one takes the request.

    The next is tried only if this one surely saw nothing of the request, or led back here. A target
    that lacks the endpoint is asked again for the substitute, if ``call_for`` has one. ``exchange``
    is told what was tried. ``is_long``: a thread runs ``call_for``, which takes its time. Raises
    ``ApiError`` and ``UpstreamError``.
    """
    failure: Exception = UpstreamUnavailableError("No upstream serves this model at the moment.")
    asking = _Asking(client=client, exchange=exchange, forward_user_info=forward_user_info)
    for target in targets:
        try:
            call = await _made(call_for, target, is_long=is_long)
            dispatched = await asking.asked(target, call)
            if call.has_substitute and await _lacks_endpoint(dispatched, call.endpoint):
                call = await _made(call_for, target, is_long=is_long)
                dispatched = await asking.asked(target, call)
        except NOTHING_WAS_SENT as exc:
            failure = exc
            continue
        except _LedBackError:
            failure = comes_back()
            continue
        if dispatched.is_success:
            return dispatched
        raise await _error_of(dispatched)
    raise failure


async def _made(call_for: Callable[[Target], Call], target: Target, *, is_long: bool) -> Call:
    return await asyncio.to_thread(call_for, target) if is_long else call_for(target)


class _LedBackError(Exception):
    """The connection leads to this gateway again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """What all tries of one request have in common."""

    client: UpstreamClient
    exchange: Exchange
    forward_user_info: bool

    async def asked(self, target: Target, call: Call) -> Dispatched:
        """The response of ``target``, whatever its status. Raises ``UpstreamError``."""
        exchange = self.exchange
        call, filters = await filtered_call(self.client, target, call)
        exchange.connection = target.connection.upstream.name
        exchange.upstream_model = target.model
        attempt = Attempt(exchange.connection, target.model)
        if exchange.attempts:
            _note_next(exchange.attempts[-1], attempt)
        exchange.attempts.append(attempt)
        asked_at = time.monotonic()
        try:
            response = await target.connection.send(
                self.client, call, forward_user_info=self.forward_user_info
            )
        except (*NOTHING_WAS_SENT, UpstreamError) as exc:
            attempt.kind = _kind_of_failure(exc)
            raise
        finally:
            seconds = time.monotonic() - asked_at
            exchange.upstream_seconds += seconds
            attempt.milliseconds = round(seconds * 1000)
        attempt.status, attempt.kind = response.status, _kind_of(response)
        if is_loop(response.status, response.headers):
            # Mostly two gateways that stand in for each other: the next target may be another way.
            seldom.warn(f"The connection {exchange.connection} leads back to this gateway.")
            await response.aclose()
            attempt.kind = Kind.LED_BACK
            raise _LedBackError
        response.waited_seconds = 0.0  # the reading so far is part of the time just counted
        exchange.upstream_answer = response
        exchange.upstream_request_id = _request_id(response)
        return Dispatched(target=target, response=response, filters=filters)


def _kind_of_failure(exc: Exception) -> Kind:
    if isinstance(exc, NotSentError):
        return Kind.NOT_SENT
    return Kind.CANNOT_BE_ASKED if isinstance(exc, NOTHING_WAS_SENT) else Kind.FAILED


def _note_next(before: Attempt, attempt: Attempt) -> None:
    step = "again" if before.connection == attempt.connection else "other target"
    before.why = f"{before.status or before.kind.replace('_', ' ')} → {step}"


def _kind_of(response: UpstreamResponse) -> Kind:
    if 200 <= response.status < 300 or response.socket is not None:
        return Kind.SUCCESS
    return KINDS.get(response.status, Kind.FAILED)


async def _lacks_endpoint(dispatched: Dispatched, endpoint: str) -> bool:
    """Whether the upstream says that it has no ``endpoint``, which is remembered."""
    response = dispatched.response
    if response.status not in STATUSES:
        return False
    if not says_path_is_missing(response.status, await _error_body(response)):
        return False
    dispatched.target.connection.lacking.note(endpoint)
    await response.aclose()
    return True


async def _error_of(dispatched: Dispatched) -> ApiError:
    """The error for a response that is no success."""
    response = dispatched.response
    body = await _error_body(response)
    secrets = dispatched.kept_from_errors
    return error_from_response(response.status, response.headers, body, secrets=secrets)


def _request_id(response: UpstreamResponse) -> str:
    """The upstream's own name of the request; Anthropic's header lacks the x."""
    headers = response.headers
    name: str = headers.get("x-request-id") or headers.get("request-id", "")
    return name[:100] if is_plain(name) else ""


async def _error_body(response: UpstreamResponse) -> bytes:
    """The upstream's own error, if it can be read. The status counts in any case."""
    try:
        return await response.read(LARGEST_ERROR_BYTES)
    except MidStreamError:
        return b""
