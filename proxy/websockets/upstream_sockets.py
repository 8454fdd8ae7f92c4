"""The endpoints that an upstream answers over a WebSocket."""

from __future__ import annotations

from proxy.answering.routing import model_of
from proxy.references.chosen_ids import check_no_chosen_id
from proxy.references.stored_responses import stored_responses
from proxy.websockets.proxied import ProxiedConsumer
from wire_formats.json_types import JsonObject


class RealtimeConsumer(ProxiedConsumer):
    """``/v1/realtime?model=…``, or ``deployment=…`` as Azure's clients write it."""

    endpoint = "realtime"
    has_items_of_its_own = True

    async def begin(self, model: str) -> None:
        await self.open_upstream(model_of({"model": model}), {})


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
