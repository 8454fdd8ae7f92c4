"""OpenAI itself, and the base of every other adapter."""

from __future__ import annotations

from collections.abc import AsyncIterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import httpx

from accounts.caller import Caller
from connections.call import Call
from connections.errors import NotSentError
from connections.providers.headers import encoded, extra_headers, overlaid, user_info_headers
from connections.request_extensions import (
    CALL_EXTENSION,
    DROPPED_EXTENSION,
    IS_SOCKET_EXTENSION,
    TRANSLATION_EXTENSION,
)
from connections.upstream import Upstream
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.errors import UnsendableError
from wire_formats.family import Family
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.payload import Payload
from wire_formats.sse import MEDIA_TYPE
from wire_formats.translation import Translation

BASE_HEADERS = {"accept-encoding": "identity", "user-agent": "gatehouse"}

REALTIME = "realtime"


class OpenAIAdapter:
    """Turns calls into requests for one upstream. Its only state is the upstream."""

    lists_models = True
    is_list_public = False  # whether the upstream lists its models to those without a key
    owned_by = "openai"
    base_headers = BASE_HEADERS
    takes_stream_options: bool = True
    # Whether it has ``responses``; None: it is asked, and asked for a chat if it has none.
    speaks_responses: bool | None = None
    endpoints: frozenset[str] | None = None  # all that the upstream has; None: every one

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    def url(self, endpoint: str, model: str) -> str:
        """Where ``endpoint`` of ``model`` is called."""
        if endpoint == REALTIME:  # a socket has no body that could name the model
            return f"{self.upstream.base_url}/{endpoint}?model={quote(model, safe='')}"
        return f"{self.upstream.base_url}/{endpoint}"

    def models_url(self) -> str:
        """Where the upstream lists its models; also what a verification asks."""
        return f"{self.upstream.base_url}/models"

    def listed(self, entry: JsonObject) -> JsonObject:
        """An entry of the upstream's list, with OpenAI's fields."""
        return entry

    def offers(self, entry: JsonObject) -> bool:
        """Whether an entry of the upstream's list is a model that clients may call."""
        return True

    def payload(self, call: Call) -> Payload:
        """The body the upstream gets, with no more changes than it needs."""
        changes: JsonObject = {}
        if call.body.get("model") != call.model:
            changes["model"] = call.model
        if call.endpoint == CHAT_COMPLETIONS:
            changes |= self.chat_changes(call)
        if not changes:
            return Payload(call.body)
        return Payload({k: v for k, v in (call.body | changes).items() if v is not OMIT})

    def translation(self, call: Call) -> Translation | None:
        """The translation for the responses to ``call``; None if they are OpenAI's already."""
        return None

    def chat_changes(self, call: Call) -> JsonObject:
        """The fields of a chat request that must read otherwise; ``OMIT`` leaves one out."""
        return reasoning_changes(call.body, call.family) if self.is_reasoning(call) else {}

    def is_reasoning(self, call: Call) -> bool:
        """Whether the model takes requests as OpenAI's reasoning models do."""
        return call.family.is_reasoning if call.is_reasoning is None else call.is_reasoning

    def headers(self, call: Call, *, forward_user_info: bool) -> dict[str, str]:
        """The headers of a call, without the credential."""
        headers = self.base_headers | dict(call.headers)
        headers["accept"] = MEDIA_TYPE if call.is_streamed else "application/json"
        if call.method == "POST":
            headers["content-type"] = call.upload_type or "application/json"
        if forward_user_info:
            headers |= user_info_headers(call.caller, call.chat_id, audience=self.upstream.name)
        return overlaid(headers, self.own_headers(call.caller, call.chat_id))

    def own_headers(self, caller: Caller, chat_id: str = "") -> dict[str, str]:
        """An admin's extra headers, filled in, which every request to this upstream carries."""
        return extra_headers(self.upstream.headers, caller, chat_id)

    def request(self, call: Call, *, forward_user_info: bool = False) -> httpx.Request:
        """The request for ``call``, unsigned.

        Raises :class:`wire_formats.errors.UnsendableError` for what the upstream cannot be asked.
        """
        if self.endpoints is not None and call.endpoint not in self.endpoints:
            raise UnsendableError(f"The upstream of this model has no {call.endpoint}.")
        payload = self.payload(call)
        headers = encoded(self.headers(call, forward_user_info=forward_user_info))
        content: Any = _content(call, payload)
        stream = None
        if isinstance(content, bytes):
            # Faster than `content=`: httpx takes longer for that than all else in this method.
            headers.append((b"content-length", b"%d" % len(content)))
            content, stream = None, httpx.ByteStream(content)
        request = httpx.Request(
            call.method,
            parsed_url(with_query(self.url(call.endpoint, call.model), call.query)),
            headers=headers,
            content=content,
            stream=stream,
            extensions={
                CALL_EXTENSION: call,
                DROPPED_EXTENSION: payload.dropped,
                TRANSLATION_EXTENSION: self.translation(call),
                IS_SOCKET_EXTENSION: call.is_socket,
            },
        )
        if stream is not None:
            request.read()
        return request

    def models_request(self) -> httpx.Request:
        """The request for the upstream's list of models, unsigned."""
        own = self.own_headers(Caller.system())
        headers = overlaid(self.base_headers | {"accept": "application/json"}, own)
        return httpx.Request("GET", self.models_url(), headers=encoded(headers))


def _content(call: Call, payload: Payload) -> AsyncIterable[bytes] | bytes | None:
    if call.method != "POST" or not (call.body or call.upload):
        return None
    return encoded_json(payload.body) if call.upload is None else call.upload


class _Omit:
    """Stands for a field that is not sent. None would be sent as null."""


OMIT: Any = _Omit()


# The same few addresses are asked again and again; taking one apart takes 15 µs.
parsed_url = lru_cache(maxsize=1024)(httpx.URL)


def with_query(url: str, query: str) -> str:
    """``url`` with one more query, after the one that it may have."""
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def reasoning_changes(body: JsonObject, family: Family) -> JsonObject:
    """Reasoning models know ``max_completion_tokens``, and ``developer`` instead of ``system``."""
    changes: JsonObject = {}
    if "max_tokens" in body:
        changes["max_tokens"] = OMIT
        if "max_completion_tokens" not in body:
            changes["max_completion_tokens"] = body["max_tokens"]
    messages = body.get("messages")
    if isinstance(messages, list) and messages and _is_system(messages[0]):
        role = "user" if family.system_role == "user" else "developer"
        changes["messages"] = [messages[0] | {"role": role}, *messages[1:]]
    return changes


def _is_system(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") == "system"


def path_segment(text: str) -> str:
    """``text`` as one segment of a path, which it cannot leave. Raises ``NotSentError``."""
    if text in {"", ".", ".."} or "/" in text or "\\" in text:
        raise NotSentError("The model's name cannot be part of the upstream's URL.")
    return quote(text, safe="")
