"""The endpoints that an upstream answers over a WebSocket."""

from __future__ import annotations

from functools import partial

from accounts.caller import Caller
from accounts.client_address import address_of_scope
from accounts.client_secrets import OpenedSecret, is_client_secret, open_client_secret
from proxy.answering.routing import model_of
from proxy.client_side.errors import InvalidRequestError
from proxy.references.chosen_ids import check_no_chosen_id
from proxy.references.stored_responses import stored_responses
from proxy.websockets.handshake import presented
from proxy.websockets.proxied import ProxiedConsumer
from proxy.workers.access import is_parent_allowed
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject

UPDATE: JsonObject = {"type": "session.update"}


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
        return await is_parent_allowed(self._secret.parent_digest, self.model)

    async def begin(self, model: str) -> None:
        bound = self._secret.session.get("model") if self._secret else None
        if bound and model and model != bound:
            raise InvalidRequestError(
                f"`model` must be `{bound}`, which the client secret was made for.", param="model"
            )
        await self.open_upstream(model_of({"model": model or bound}), {})


class ResponsesConsumer(ProxiedConsumer):
    """``/v1/responses``: the first message names the model, and the others may name no other."""

    endpoint = "responses"

    async def begin(self, model: str) -> None:
        """The upstream is not known yet."""

    def check(self, message: JsonObject) -> None:
        check_no_chosen_id(message)

    def note(self, made: JsonObject) -> None:
        """Remember the response ``made`` as the caller's."""
        stored_responses.note_response(made, user_id=self._caller.user_id, target=self._target)
