"""The base of what takes the input of a response: what it goes on from is put in its place."""

from __future__ import annotations

from collections.abc import Mapping

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from models_registry.targets import Target
from proxy.answering.lacking import takes_responses
from proxy.conversations.going_on import GoingOn, going_on
from proxy.conversations.ids import MARK
from proxy.conversations.referred import bound_ids, without_bound, without_own_ids
from proxy.references.ownership import looked_up
from proxy.references.stored_rows import StoredReference
from proxy.views.model_call import ModelCallView
from wire_formats.json_types import JsonObject

NONE: Mapping[str, StoredReference] = {}


class GoingOnView(ModelCallView):
    """Filters and guards see the whole input, as if the client had sent it."""

    going: GoingOn
    _may_name_own = True
    _bound: frozenset[str] = frozenset()  # ids of the history's items that one upstream knows
    _made: Mapping[str, StoredReference] = NONE  # which upstream that is

    async def post(self, request: Request, deployment: str = "") -> HttpResponseBase:
        await self.go_on()
        return await super().post(request, deployment)

    async def go_on(self) -> None:
        """Have the payload say all by itself. Raises ``ApiError`` and ``UnsendableError``.

        A search for the mark of the gateway's ids is all that most requests pay.
        """
        body = self.payload
        self._may_name_own = MARK in self.api_request.body
        if not self._may_name_own:
            self.going = GoingOn(body=body, given=body)
            return
        self.going = await going_on(body, self.caller.user_id)
        self._payload = self.going.body
        if self.going.history and (bound := bound_ids(self.going.history)):
            self._bound = frozenset(bound)
            self._made = await looked_up(self.caller, bound)

    def readable(self, body: JsonObject, targets: tuple[Target, ...]) -> JsonObject:
        """Without ids of the gateway's own, and items that another upstream keeps or has sealed.

        A conversation may change models.
        """
        if not self._may_name_own:
            return body
        are_chats = not any(map(takes_responses, targets))
        if self._bound:
            foreign = self._bound - self._made_by(targets[:1])
            body = without_bound(body, foreign, keeps_text=are_chats)
        return without_own_ids(body, keeps_reasoning=are_chats)

    def _made_by(self, targets: tuple[Target, ...]) -> set[str]:
        connections = {
            target.connection.upstream.id for target in targets if takes_responses(target)
        }
        return {id_ for id_, made in self._made.items() if made.connection_id in connections}
