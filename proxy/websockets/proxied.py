"""Sockets that an upstream answers: realtime, and Responses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import ClassVar

from django.conf import settings

from connections.call import Call
from connections.errors import MidStreamError
from connections.transport.websocket import UpstreamSocket
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.answering.routing import model_of, route
from proxy.answering.shapes import Shape
from proxy.client_side.cancelling import uncancel
from proxy.client_side.errors import ApiError, StoppedError, UpstreamAnswerError
from proxy.client_side.exception_handler import to_api_error
from proxy.references.ownership import Permitted, permitted
from proxy.websockets.accounting import SocketAccount
from proxy.websockets.api_socket import ApiSocket
from proxy.websockets.forwarded import forwarded_cookies, forwarded_headers, model_of_query
from proxy.websockets.handshake import hops_of, refuse
from proxy.websockets.json_messages import Censor, error_event, read_message
from proxy.websockets.message_rate import MessageRate
from proxy.websockets.models_named import Place, put_main, take_main
from proxy.websockets.response_limits import CANCEL
from usage.exchange import SWITCHING_PROTOCOLS, StopReason
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject

CLIENT_ERROR, POLICY_VIOLATION, UPSTREAM_BROKE, RESTARTING = 1003, 1008, 1011, 1012
# Codes that may stand in a close frame; the others say that there was none.
SENDABLE = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})
LONGEST_REASON = 100
BROKEN_OFF = "The upstream closed its socket before the response was complete."


class ProxiedConsumer(ApiSocket):
    """Both directions of a socket, once the model is found to be the caller's to use.

    Messages of the client are read and written again, so that what was looked at is what is sent.
    Those of the upstream pass as they are. One connection is one request in the accounts.
    """

    endpoint: ClassVar[str]
    has_items_of_its_own: ClassVar[bool] = False  # whether its items belong to the socket alone
    is_asking = False  # whether a message is being answered otherwise than by the upstream's socket
    passed_headers: ClassVar[tuple[bytes, ...]] = (b"openai-beta",)

    def __init__(self) -> None:
        super().__init__()
        self._account = SocketAccount()
        self._upstream: UpstreamSocket | None = None
        self._pump: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._stopped_for: StopReason | None = None
        self._code = 1000
        self._rate = MessageRate(settings.GATEWAY_WS_PROXIED_MESSAGES_PER_SECOND)

    async def connect(self) -> None:
        try:
            self._caller = await self.let_in()
            await self.begin(model_of_query(self.scope["query_string"]))
        except Exception as exc:
            error = to_api_error(exc)
            if error is None:
                raise
            await refuse(self.scope, self.base_send, error)
            return
        await self.welcome()
        self._start_pump()

    async def begin(self, model: str) -> None:
        """Prepare the handshake's answer. ``model`` is the query's and may be empty."""
        raise NotImplementedError

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is None:
            await self.close(CLIENT_ERROR)
            return
        if delay := self._rate.delay():
            await asyncio.sleep(delay)  # what is refused would be missing in what is said
        if self._leaving is not None:
            return  # the client was told of the end: no upstream is opened any more
        try:
            message = await read_message(text_data)
            self.check(message)
            model = self.model or model_of(message)
            await self.pass_on(message, model, take_main(message, model))
        except (MidStreamError, OSError):
            pass  # the task that reads from the upstream has noticed, too
        except StoppedError as exc:
            if self._leaving is None:
                self.stop(exc.reason)
        except Exception as exc:
            error = to_api_error(exc)
            if error is None:
                raise
            await self.send(text_data=error_event(error))

    async def pass_on(self, message: JsonObject, model: str, places: tuple[Place, ...]) -> None:
        """Send ``message``, which names the ``model`` at ``places``, to the upstream.

        Raises what :func:`proxy.client_side.exception_handler.to_api_error` knows.
        """
        if self._upstream is None:
            await self.open_upstream(model, message)
            self._start_pump()
        allowed = await self._permitted(message, (self._target,))
        message = await self._account.admitted(allowed.body(self._target, message))
        put_main(message, places, self._target.model)
        text = encoded_json(message).decode()
        with self.waiting():
            await self._upstream.send(text)  # type: ignore[union-attr]

    def check(self, message: JsonObject) -> None:
        """Raises ``ApiError`` for a message that no upstream may get."""

    # Called with each finished response; None for sockets whose upstream stores none.
    note: Callable[[JsonObject], None] | None = None

    def saw(self, message: str) -> None:
        """Take note of a ``message`` of the upstream's."""

    async def fail_open(self, error: ApiError) -> None:
        """Tell the client of the end of a response that has begun and is not complete."""

    async def disconnect(self, code: int) -> None:
        """Note why, for the upstream."""
        self._code = code if code in SENDABLE else self._code

    async def let_go(self) -> None:
        """Close the upstream, too."""
        if self._pump is not None:
            self._pump.cancel()
        self._account.close(SWITCHING_PROTOCOLS, is_client_gone=True)
        if self._upstream is not None:
            await self._upstream.close(self._code)

    async def _permitted(self, message: JsonObject, targets: tuple[Target, ...]) -> Permitted:
        return await permitted(
            message, targets, self._caller, has_items_of_its_own=self.has_items_of_its_own
        )

    async def open_upstream(self, model: str, message: JsonObject) -> None:
        """Have the first of the model's targets that can be reached open a socket.

        ``message`` is the first one, which may be for one of the targets alone. Raises what
        :func:`proxy.client_side.exception_handler.to_api_error` knows.
        """
        exchange = self._account.open(self._caller, self.endpoint, model, on_stop=self.stop)
        try:
            registry = active()
            async with self.opening():
                with self.waiting():
                    targets, options = await route(
                        registry, self._caller, model, endpoint=self.endpoint
                    )
                    allowed = await self._permitted(message, targets)
                    candidates = Candidates(
                        targets=allowed.targets,
                        call_for=partial(self._call, request_id=exchange.request_id),
                        route=registry.snapshot.route_of(model),
                        forward_user_info=options.forward_user_info_headers,
                    )
                    dispatched = await dispatch(
                        registry.client, candidates, exchange=exchange, shape=Shape.SOCKET
                    )
        except asyncio.CancelledError:
            self._account.close(0, is_client_gone=self.is_client_gone)
            if self._stopped_for is None:
                raise
            uncancel()
            raise StoppedError(self._stopped_for) from None
        except Exception as exc:
            self._account.close_by(to_api_error(exc))
            raise
        exchange.status = SWITCHING_PROTOCOLS
        self.model = model
        self._target, self._upstream = dispatched.target, dispatched.socket
        self._account.limit(self._target, is_realtime=self.has_items_of_its_own)
        self._censor = Censor(dispatched.secrets, dispatched.kept_from_errors)

    def stop(self, reason: StopReason) -> None:
        """Tell the client why the socket closes, and close it; cut it if asked twice."""
        self._account.fail(reason.value)
        self._stopped_for = reason
        if (self._upstream is None or self.is_asking) and self.interrupt():
            return  # the task that waits for an upstream is told, and calls this again
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave(reason))
        else:
            self.cut()

    async def _leave(self, reason: StopReason) -> None:
        if self._pump is not None:
            self._pump.cancel()
        if self._upstream is not None:
            await self._upstream.close(1000)
        self._account.close(SWITCHING_PROTOCOLS)
        is_restart = reason is StopReason.SHUTTING_DOWN
        with suppress(OSError):
            await self.send(text_data=error_event(StoppedError(reason)))
            await self.fail_open(StoppedError(reason))
            await self.close(RESTARTING if is_restart else POLICY_VIOLATION, reason.value)

    def _call(self, target: Target, *, request_id: str) -> Call:
        return Call(
            endpoint=self.endpoint,
            model=target.model,
            body={},
            caller=self._caller,
            request_id=request_id,
            credential=self.credential,
            cookies=forwarded_cookies(self.scope),
            method="GET",
            hops=hops_of(self.scope),
            headers=forwarded_headers(self.scope, self.passed_headers),
            is_socket=True,
        )

    def _start_pump(self) -> None:
        if self._upstream is not None and self._pump is None:
            self._pump = asyncio.create_task(self._relay(self._upstream))

    async def _relay(self, upstream: UpstreamSocket) -> None:
        with suppress(OSError):  # the client has left: `disconnect` follows
            async for message in upstream.messages():
                if refused := await self._account.count(message, self.note):
                    await upstream.send(CANCEL)
                    await self.send(text_data=error_event(refused))
                if isinstance(message, str):
                    self.saw(message)
                    await self.send(text_data=self._censor.message(message))
                else:
                    await self.send(bytes_data=message)
            code = upstream.close_code
            if code not in SENDABLE:
                self._account.fail("upstream_invalid_response")
            self._account.close(SWITCHING_PROTOCOLS)
            reason = self._censor.error(upstream.close_reason)[:LONGEST_REASON]
            await self.fail_open(UpstreamAnswerError(BROKEN_OFF))
            await self.close(code if code in SENDABLE else UPSTREAM_BROKE, reason)
