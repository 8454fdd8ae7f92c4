"""One attempt: a call to one target with one key, up to the beginning of its answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from connections.call import Call
from connections.calling.client import UpstreamClient, UpstreamResponse
from connections.errors import MidStreamError
from connections.hops import is_loop
from connections.upstream import UpstreamKey
from infrastructure.seldom import SeldomLog
from models_registry.targets import Target
from proxy.answering.clamping import clamped, name_for_client
from proxy.answering.dispatched import Dispatched
from proxy.answering.ended import FAILURES, NOTHING_WAS_SENT, Ended, ended_by, ended_by_time
from proxy.answering.lacking import STATUSES, says_path_is_missing
from proxy.answering.opening import answer_of
from proxy.answering.pipelines_server import CallFilters, filtered_call
from proxy.answering.shapes import Shape
from proxy.answering.time_limit import TimeLimit
from proxy.answering.upstream_errors import error_from_response, words_of
from proxy.client_side.hops import comes_back
from proxy.client_side.response_headers import is_plain
from resilience.outcomes import Kind, Outcome
from resilience.reading import outcome_of_response
from usage.attempts import Attempt
from usage.exchange import Exchange
from wire_formats.provider_errors import error_in_body

logger = logging.getLogger(__name__)
seldom = SeldomLog(logger)

NAMES = (b"x-request-id", b"request-id")  # of the upstream's own name of a request
LARGEST_ERROR_BYTES = 256 * 1024


@dataclass(slots=True, kw_only=True)
class Asking:
    """What all attempts of one request have in common.

    ``is_long``: a thread runs ``call_for``, which takes its time. ``output_cap``: the output tokens
    that still fit the limits of the caller, for a request that names no maximum.
    """

    client: UpstreamClient
    exchange: Exchange
    call_for: Callable[[Target], Call]
    shape: Shape
    forward_user_info: bool
    is_long: bool
    output_cap: int | None = None
    _made: tuple[Target, Call, CallFilters | None] | None = None

    def turn_to(self, call_for: Callable[[Target], Call], *, output_cap: int | None = None) -> None:
        """Have ``call_for`` make the calls from now on."""
        self.call_for = call_for
        self.output_cap = output_cap
        self._made = None

    @property
    def call(self) -> Call | None:
        """The call that was made last; None before, and where filters have seen it."""
        made = self._made
        return None if made is None or made[2] is not None else made[1]

    def beside(self, exchange: Exchange) -> Asking:
        """For an attempt that runs at the same time, and is noted in ``exchange``."""
        return replace(self, exchange=exchange, _made=None)

    async def attempt(
        self, target: Target, key: UpstreamKey | None, limit: TimeLimit | None
    ) -> Dispatched | Ended:
        """The answer of ``target``, begun within ``limit``, or how it failed.

        Raises ``ApiError`` when a filter refuses the request or fails.
        """
        try:
            call, filters = await self._call(target)
        except NOTHING_WAS_SENT as exc:
            return ended_by(exc)
        attempt = self._begin(target, key)
        started = attempt.started = time.monotonic()
        try:
            # The transport knows how much of the time the client takes to send its form.
            if limit is None or call.upload is not None:
                result = await self._asked(target, key, call, filters)
            else:
                async with asyncio.timeout(limit.seconds):
                    result = await self._asked(target, key, call, filters)
        except TimeoutError:
            result = ended_by_time(is_of_target=limit is None or limit.is_of_target)
        except (*NOTHING_WAS_SENT, *FAILURES) as exc:
            result = ended_by(exc)
        finally:
            attempt.milliseconds = round((time.monotonic() - started) * 1000)
        self._note(attempt, result)
        if isinstance(result, Ended) and result.answer is None:
            await self._let_go()
        return result

    def _note(self, attempt: Attempt, result: Dispatched | Ended) -> None:
        if isinstance(result, Dispatched):
            attempt.kind = Kind.SUCCESS
            return
        attempt.kind, attempt.code = result.outcome.kind, result.outcome.code
        attempt.status = attempt.status and (result.outcome.status or attempt.status)
        attempt.tokens = result.tokens
        attempt.error_text = result.text
        attempt.upstream_request_id = self.exchange.upstream_request_id

    async def _let_go(self) -> None:
        """Close the response that is not the answer; what of it was read gives its connection
        back."""
        answer = self.exchange.upstream_answer
        if isinstance(answer, UpstreamResponse):
            await answer.aclose()

    async def _call(self, target: Target) -> tuple[Call, CallFilters | None]:
        """The call for ``target`` as its filters leave it; a form can be sent once."""
        made = self._made
        if made is not None and made[0] is target and made[1].upload is None:
            return made[1], made[2]
        call = (
            await asyncio.to_thread(self.call_for, target)
            if self.is_long
            else self.call_for(target)
        )
        call, filters = await filtered_call(self.client, target, call)
        if self.output_cap is not None:  # behind the filters, which might ask for more
            call = self._cut(call, self.output_cap)
        self._made = target, call, filters
        return call, filters

    def _cut(self, call: Call, cap: int) -> Call:
        """``call`` with its output cut to ``cap``, which the client is told of."""
        cut = clamped(call, cap)
        names = () if cut is call else (name_for_client(self.exchange.endpoint, cut),)
        self.exchange.changed_params = names
        return cut

    def _begin(self, target: Target, key: UpstreamKey | None) -> Attempt:
        exchange = self.exchange
        exchange.connection = target.connection.upstream.name
        exchange.upstream_model = target.model
        exchange.upstream_request_id = ""
        attempt = Attempt(exchange.connection, target.model, "" if key is None else key.hint)
        exchange.attempts.append(attempt)
        return attempt

    async def _asked(
        self,
        target: Target,
        key: UpstreamKey | None,
        call: Call,
        filters: CallFilters | None,
    ) -> Dispatched | Ended:
        """The answer, or the refusal. Raises ``FAILURES`` and ``NOTHING_WAS_SENT``."""
        response = await self._sent(target, key, call)
        if call.has_substitute and await _lacks_endpoint(target, response, call.endpoint):
            self._made = None
            call, filters = await self._call(target)
            response = await self._sent(target, key, call)
        dispatched = Dispatched(target, response, filters)
        if not dispatched.is_success:
            return await _refusal(dispatched)
        is_streamed = self.exchange.is_streamed and call.is_streamed
        return await answer_of(dispatched, call, self.shape, is_streamed=is_streamed)

    async def _sent(self, target: Target, key: UpstreamKey | None, call: Call) -> UpstreamResponse:
        exchange = self.exchange
        if (earlier := exchange.upstream_answer) is not None:  # was not the answer after all
            exchange.upstream_answer = None
            exchange.upstream_seconds += earlier.waited_seconds
        asked_at = time.monotonic()
        try:
            response = await target.connection.send(
                self.client, call, key=key, forward_user_info=self.forward_user_info
            )
        finally:
            exchange.upstream_seconds += time.monotonic() - asked_at
        exchange.attempts[-1].status = response.status
        response.waited_seconds = 0.0  # the reading so far is part of the time just counted
        exchange.upstream_answer = response
        exchange.upstream_request_id = _request_id(response)
        return response


async def _lacks_endpoint(target: Target, response: UpstreamResponse, endpoint: str) -> bool:
    """Whether the upstream says that it has no ``endpoint``, which is remembered."""
    if response.status not in STATUSES:
        return False
    if not says_path_is_missing(response.status, await _error_body(response)):
        return False
    target.connection.lacking.note(endpoint)
    await response.aclose()
    return True


async def _refusal(dispatched: Dispatched) -> Ended:
    """The end by a response that is no success."""
    response, secrets = dispatched.response, dispatched.kept_from_errors
    status, headers = response.status, response.headers
    if is_loop(status, headers):
        # Mostly two gateways that stand in for each other: the next target may be another way.
        name = dispatched.target.connection.upstream.name
        seldom.warn(f"The connection {name} leads back to this gateway.")
        await response.aclose()
        return Ended(outcome=Outcome(kind=Kind.LED_BACK, status=status), error=comes_back())
    told = error_in_body(await _error_body(response)).without(secrets)
    return Ended(
        outcome=outcome_of_response(status, headers, told, model=dispatched.target.model),
        error=error_from_response(status, headers, told),
        words=words_of(status, told),
    )


def _request_id(response: UpstreamResponse) -> str:
    """The upstream's own name of the request; Anthropic's header lacks the x."""
    # One look at bytes: httpx decodes all headers for the first that it is asked for.
    found = {
        lowered: value for name, value in response.headers.raw if (lowered := name.lower()) in NAMES
    }
    name = (found.get(NAMES[0]) or found.get(NAMES[1], b"")).decode("latin-1")
    return name[:100] if is_plain(name) else ""


async def _error_body(response: UpstreamResponse) -> bytes:
    """The upstream's own error, if it can be read. The status counts in any case."""
    try:
        return await response.read(LARGEST_ERROR_BYTES)
    except MidStreamError:
        return b""
