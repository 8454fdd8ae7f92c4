"""OpenAI and Azure, whose newer models chat with tools at ``responses`` alone."""

from __future__ import annotations

import httpx

from connections.call import Call
from connections.providers.azure import AzureAdapter
from connections.providers.azure_parameters import has_responses
from connections.providers.openai import OpenAIAdapter
from connections.providers.responses import AzureResponsesAdapter, ResponsesAdapter
from wire_formats.chat.reasoning import FIELDS
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.payload import Payload


class OpenAIByFamily(OpenAIAdapter):
    """Sends each chat to the endpoint that its model takes it at."""

    def payload(self, call: Call) -> Payload:
        return without_reasoning(call, super().payload(call))

    def request(self, call: Call, *, forward_user_info: bool = False) -> httpx.Request:
        if needs_responses(call):
            there = ResponsesAdapter(self.upstream)
            return there.request(call, forward_user_info=forward_user_info)
        return super().request(call, forward_user_info=forward_user_info)


class AzureByFamily(AzureAdapter):
    """The same on Azure, where the version of the API must know ``responses``."""

    def payload(self, call: Call) -> Payload:
        return without_reasoning(call, super().payload(call))

    def request(self, call: Call, *, forward_user_info: bool = False) -> httpx.Request:
        if needs_responses(call) and (self.is_v1 or has_responses(self.api_version)):
            there = AzureResponsesAdapter(self.upstream)
            return there.request(call, forward_user_info=forward_user_info)
        return super().request(call, forward_user_info=forward_user_info)


def without_reasoning(call: Call, payload: Payload) -> Payload:
    """A chat that stays at ``chat/completions``, in a conversation that was elsewhere before.

    Its messages may hold reasoning that ``responses`` told, for which this endpoint has no field.
    """
    messages = payload.body.get("messages")
    if call.family.needs_responses == "never" or not isinstance(messages, list):
        return payload
    found = {name for each in messages if isinstance(each, dict) for name in FIELDS & each.keys()}
    if not found:
        return payload
    kept = [
        {name: value for name, value in each.items() if name not in FIELDS}
        if isinstance(each, dict)
        else each
        for each in messages
    ]
    dropped = tuple(f"messages.{name}" for name in sorted(found))
    return Payload(payload.body | {"messages": kept}, (*payload.dropped, *dropped))


def needs_responses(call: Call) -> bool:
    """Whether a chat would be refused, by what is known of its model's family.

    An effort that is not given counts as none where the family can do without.
    """
    if call.endpoint != CHAT_COMPLETIONS:
        return False
    family, body = call.family, call.body
    if family.needs_responses != "tools":
        return family.needs_responses == "always"
    reasoning = body.get("reasoning")
    effort = body.get("reasoning_effort") or (
        reasoning.get("effort") if isinstance(reasoning, dict) else None
    )
    thinks = effort != "none" if effort else "none" not in family.efforts
    return thinks and bool(body.get("tools") or body.get("functions"))
