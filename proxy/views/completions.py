"""Endpoints that write text: chat completions and their predecessor."""

from __future__ import annotations

from django.http.response import HttpResponseBase

from models_registry.targets import Target
from proxy.references.ownership import permitted
from proxy.views.model_call import ModelCallView, Required
from proxy.views.resumable import ResumableCallView
from usage.exchange import Exchange
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.json_types import JsonObject
from wire_formats.messages.chat_with_blocks import chat_with_blocks, has_blocks
from wire_formats.payload import Payload, with_dropped
from wire_formats.responses.chat_with_input import chat_with_input, has_input


class ChatCompletionsView(ResumableCallView):
    """Also takes what Cursor posts here for some models: Anthropic's blocks, a Responses body."""

    endpoint = CHAT_COMPLETIONS
    required = (Required(names=("messages",), kinds=(list,), hint="`messages` must be an array."),)
    is_streamable = True
    _dropped: tuple[str, ...] = ()
    _is_translated = False

    async def understood(self) -> JsonObject:
        body = self.payload
        if not (has_input(body) or has_blocks(body)):
            return body
        chat = await self.aside(as_chat, body)
        self._dropped, self._is_translated = chat.dropped, True
        return chat.body

    async def allowed(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """An object of somebody else's is refused also where no chat has a place for it."""
        if not self._is_translated:
            return targets
        return (await permitted(self.payload, targets, self.caller)).targets

    async def answer(self, body: JsonObject, model: str, exchange: Exchange) -> HttpResponseBase:
        response = await super().answer(body, model, exchange)
        if self._dropped:
            told = with_dropped(dict(response.headers), self._dropped)
            for name, value in told.items():
                response.headers[name] = value
        return response


class CompletionsView(ModelCallView):
    endpoint = "completions"
    required = (
        Required(
            names=("prompt", "prompt_embeds"),
            kinds=(str, list),
            hint="`prompt` must be a string, or an array of strings or tokens.",
        ),
    )
    is_streamable = True


def as_chat(body: JsonObject) -> Payload:
    """``body`` as a chat, and what it does without. Raises ``UnsendableError``."""
    return chat_with_input(body) if has_input(body) else chat_with_blocks(body)
