from __future__ import annotations

from typing import Any

import httpx

from accounts.caller import Caller
from connections.call import Call
from connections.hops import HOPS_HEADER, with_own
from connections.providers.headers import encoded, overlaid
from connections.providers.openai import BASE_HEADERS, OpenAIAdapter, path_segment
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.payload import Payload

FILTER = "filter"


class PipelinesAdapter(OpenAIAdapter):
    """Open WebUI's pipelines server: its models are told who asks, and it has filters to call.

    https://github.com/open-webui/pipelines
    """

    is_list_public = True
    speaks_responses = False

    def offers(self, entry: JsonObject) -> bool:
        return self.filter_of(entry) is None

    def filter_of(self, entry: JsonObject) -> JsonObject | None:
        """The ``pipeline`` of an entry that is a filter: ``pipelines`` and ``priority``."""
        pipeline: Any = entry.get("pipeline")
        is_filter = isinstance(pipeline, dict) and pipeline.get("type") == FILTER
        return pipeline if is_filter else None

    def payload(self, call: Call) -> Payload:
        payload = super().payload(call)
        if call.endpoint != CHAT_COMPLETIONS:
            return payload
        # The server streams where nothing is said.
        own = {"user": user_object(call.caller), "stream": call.is_streamed}
        replaced = ("user",) if payload.body.get("user") else ()
        return Payload(payload.body | own | with_texts(payload.body), payload.dropped + replaced)

    def filter_request(
        self, filter_id: str, step: str, body: JsonObject, caller: Caller
    ) -> httpx.Request:
        """The request that has a filter look at ``body``; ``step`` is ``inlet`` or ``outlet``."""
        headers = BASE_HEADERS | {
            "content-type": "application/json",
            "accept": "application/json",
            HOPS_HEADER: with_own(""),
        }
        return httpx.Request(
            "POST",
            f"{self.upstream.base_url}/{path_segment(filter_id)}/filter/{step}",
            headers=encoded(overlaid(headers, self.own_headers(caller))),
            content=encoded_json({"user": user_object(caller), "body": body}),
        )


def with_texts(body: JsonObject) -> JsonObject:
    """The messages of ``body`` where one lacks its content, which the server insists on."""
    messages: Any = body.get("messages")
    if not isinstance(messages, list) or all(map(_has_content, messages)):
        return {}
    told = [each if _has_content(each) else each | {"content": ""} for each in messages]
    return {"messages": told}


def _has_content(message: Any) -> bool:
    return not isinstance(message, dict) or message.get("content") is not None


def user_object(caller: Caller) -> JsonObject:
    """The caller, in Open WebUI's form."""
    return {
        "name": caller.display_name,
        "id": str(caller.user_id),
        "email": caller.email,
        "role": caller.role,
    }
