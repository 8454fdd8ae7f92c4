"""The endpoints that an upstream answers over a WebSocket."""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus

from accounts.caller import Caller
from accounts.client_address import address_of_scope
from accounts.client_secrets import OpenedSecret, is_client_secret, open_client_secret
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.lacking import takes_responses
from proxy.answering.routing import model_of, route
from proxy.client_side.cancelling import uncancel
from proxy.client_side.errors import (
    AnsweredError,
    ApiError,
    InvalidRequestError,
    StoppedError,
    UpstreamAnswerError,
)
from proxy.client_side.inner_request import Application
from proxy.conversations.going_on import names_own
from proxy.references.chosen_ids import check_no_chosen_id
from proxy.references.stored_responses import stored_responses
from proxy.websockets.handshake import presented
from proxy.websockets.models_named import Place
from proxy.websockets.open_response import OpenResponse
from proxy.websockets.proxied import ProxiedConsumer
from proxy.websockets.response_turns import ResponseTurns
from proxy.workers.access import is_parent_allowed
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.responses.request_to_chat.request import CLIENT_NOTES

UPDATE: JsonObject = {"type": "session.update"}
SOCKET = "responses over a socket"  # as a connection remembers that it has none
# A handshake sets nothing in motion, so what answers it like this can be asked over HTTP.
NO_SOCKET = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.UPGRADE_REQUIRED,
        HTTPStatus.NOT_IMPLEMENTED,
        HTTPStatus.BAD_GATEWAY,
    }
)


class RealtimeConsumer(ProxiedConsumer):
    """``/v1/realtime?model=…``, or ``deployment=…`` as Azure's clients write it."""

    endpoint = "realtime"
    has_items_of_its_own = True

    _secret: OpenedSecret | None = None

    async def connect(self) -> None:
        """Open the socket. That of a client secret begins with the secret's session."""
        await super().connect()
        secret = self._secret
        if secret is not None and secret.session and self._upstream is not None:
            session = {name: value for name, value in secret.session.items() if name != "model"}
            await self.receive(encoded_json(UPDATE | {"session": session}).decode())

    async def identify(self) -> Caller:
        credential = presented(self.scope)
        if not is_client_secret(credential):
            return await super().identify()
        # It goes to no upstream, so it does not become the socket's credential.
        self._secret = await open_client_secret(credential, partial(address_of_scope, self.scope))
        return self._secret.caller

    async def is_still_allowed(self) -> bool:
        if self._secret is None:
            return await super().is_still_allowed()
        secret = self._secret
        return await is_parent_allowed(secret.parent_digest, self.model, caller=secret.caller)

    async def begin(self, model: str) -> None:
        bound = self._secret.session.get("model") if self._secret else None
        if bound and model and model != bound:
            raise InvalidRequestError(
                f"`model` must be `{bound}`, which the client secret was made for.", param="model"
            )
        await self.open_upstream(model_of({"model": model or bound}), {})


class ResponsesConsumer(ProxiedConsumer):
    """``/v1/responses``: the first message names the model, and the others may name no other.

    Where its upstream has no such socket, ``application``, the API, is asked in its place.
    """

    endpoint = "responses"

    def __init__(self, application: Application | None = None) -> None:
        super().__init__()
        self._application = application
        self._turns: ResponseTurns | None = None
        self._open = OpenResponse()

    async def begin(self, model: str) -> None:
        """The upstream is not known yet."""

    def check(self, message: JsonObject) -> None:
        check_no_chosen_id(message)

    async def pass_on(self, message: JsonObject, model: str, places: tuple[Place, ...]) -> None:
        message.pop(CLIENT_NOTES, None)
        if self._is_for_turns(message):
            await self._answer(message, model)
            return
        if self._upstream is not None or self._application is None:
            await super().pass_on(message, model, places)
            return
        targets, _ = await route(active(), self._caller, model, endpoint=self.endpoint)
        if has_socket(targets[0]) and not goes_on_here(message):
            try:
                await super().pass_on(message, model, places)
            except ApiError as exc:
                if self._upstream is not None or not says_there_is_no_socket(exc):
                    raise
                targets[0].connection.lacking.note(SOCKET)
            else:
                return
        self.model = model
        await self._answer(message, model)

    def _is_for_turns(self, message: JsonObject) -> bool:
        """Whether the API is asked with ``message``, also beside an upstream's socket.

        Raises ``ApiError`` while the upstream's own response is not complete, since the events of
        two would mix.
        """
        if self._upstream is None or self._application is None:
            return self._turns is not None
        is_own = goes_on_here(message) or (
            self._turns is not None and self._turns.remembers(message)
        )
        if is_own and self._open.is_open:
            raise InvalidRequestError(
                "A response of this socket is not complete yet. What goes on from a response or "
                "a conversation of the gateway's begins behind its end.",
                param="previous_response_id",
            )
        return is_own

    async def _answer(self, message: JsonObject, model: str) -> None:
        if self._turns is None:
            self._turns = ResponseTurns(
                self.scope,
                self._application,  # type: ignore[arg-type]
                credential=self.credential,
                say=self._say,
                owner=self._caller.owner,
            )
        try:
            with self.waiting():
                self.is_asking = True
                await self._turns.take(message, model)
        except asyncio.CancelledError:
            if self._stopped_for is None:
                raise
            uncancel()
            raise StoppedError(self._stopped_for) from None
        finally:
            self.is_asking = False

    async def let_go(self) -> None:
        if self._turns is not None:
            self._turns.forget()
        await super().let_go()

    async def _say(self, message: str) -> None:
        self.saw(message)
        await self.send(text_data=message)

    def saw(self, message: str) -> None:
        self._open.see(message)

    async def fail_open(self, error: ApiError) -> None:
        if event := self._open.failed(error):
            await self.send(text_data=event)

    def note(self, made: JsonObject) -> None:
        """Remember the response ``made`` as the caller's."""
        stored_responses.note_response(made, user_id=self._caller.user_id, target=self._target)


def has_socket(target: Target) -> bool:
    """Whether the upstream may have a socket for Responses."""
    return takes_responses(target) and SOCKET not in target.connection.lacking


def says_there_is_no_socket(error: ApiError) -> bool:
    """Whether an upstream's answer to a handshake leaves HTTP to be tried."""
    return isinstance(error, AnsweredError | UpstreamAnswerError) and error.status in NO_SOCKET


def goes_on_here(message: JsonObject) -> bool:
    """Whether ``message`` goes on from what the gateway keeps, which no upstream's socket knows."""
    within = message.get("response")  # as the older form has it
    return names_own(message) or (isinstance(within, dict) and names_own(within))
