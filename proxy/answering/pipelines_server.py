"""The filters of pipelines servers around a chat: before it is sent, and on its answer.

A filter that fails, in whatever way, keeps the request from passing: it may be there to protect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import orjson
from django.conf import settings

from connections.auth.base import AuthUnavailableError
from connections.call import Call
from connections.calling.client import UpstreamClient
from connections.errors import UpstreamError
from connections.providers.pipelines import PipelinesAdapter
from models_registry.pipelines_filters import PipelinesFilter
from models_registry.targets import Target
from proxy.answering.limits import limits
from proxy.client_side.errors import ApiError, InvalidRequestError, UpstreamAnswerError
from wire_formats.endpoints import CHAT_COMPLETIONS, TEXTS
from wire_formats.json_numbers import read_json, write_json
from wire_formats.json_types import JsonObject
from wire_formats.provider_errors import error_in_body

# Other endpoints that write text, in fields where no such filter would find it.
UNFILTERABLE = TEXTS - {CHAT_COMPLETIONS}
# A filter may change what is said, not who is asked and how the answer comes.
UNCHANGED = ("model", "stream")
# In the metadata that an inlet sees, and as Open WebUI tells them to an outlet.
OUTLET_IDS = {"chat_id": "chat_id", "session_id": "session_id", "message_id": "id"}
STREAMING = frozenset({"stream", "stream_options"})


class FilterUnavailableError(ApiError):
    """A filter gave no answer that makes sense."""

    status = 502
    type = "upstream_error"
    code = "filter_failed"


class ChangedByFilterError(ApiError):
    """The filter changed a response that was streamed and cannot be taken back."""

    status = 502
    code = "changed_by_filter"


async def filtered_call(
    client: UpstreamClient, target: Target, call: Call
) -> tuple[Call, CallFilters | None]:
    """``call`` as the filters of ``target`` leave it, and those who will see its answer.

    Raises :class:`proxy.client_side.errors.ApiError` when one of them refuses or fails.
    """
    is_chat = call.endpoint == CHAT_COMPLETIONS
    if target.awaits_filters_of and (is_chat or call.endpoint in UNFILTERABLE):
        raise FilterUnavailableError(
            f"The connection {target.awaits_filters_of} may have filters for this model, and has "
            "not told of them yet: it gave no list of its models."
        )
    if not target.filters or not is_chat:
        if target.filters and call.endpoint in UNFILTERABLE:
            raise InvalidRequestError(
                "This model has a filter, so it serves only chat completions."
            )
        return call, None
    filters = CallFilters(client=client, filters=target.filters, call=call)
    passed = await filters.inlet()
    body = filters.sendable(passed)
    if settings.GATEWAY_PIPELINES_HOLD_STREAMS:
        body = {name: value for name, value in body.items() if name not in STREAMING}
    filtered = replace(call, body=body)
    return filtered, replace(filters, call=filtered, conversation=filters.conversation_of(passed))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilters:
    """The filters of one call, in order.

    ``conversation`` are the ids by which an outlet finds again what its inlet noted.
    """

    client: UpstreamClient
    filters: tuple[PipelinesFilter, ...]
    call: Call
    conversation: JsonObject = field(default_factory=dict)

    async def inlet(self) -> JsonObject:
        """The body of the call as the filters leave it."""
        body = self.call.body
        for each in self.filters:
            body = await self._passed(each, "inlet", body)
        return body

    def sendable(self, body: JsonObject) -> JsonObject:
        """``body`` without what filters noted in ``metadata`` for themselves.

        Providers refuse what Open WebUI's filters write there. What the client sent, they may
        change and remove.
        """
        given = {name: self.call.body[name] for name in UNCHANGED if name in self.call.body}
        own, noted = self.call.body.get("metadata"), body.get("metadata")
        kept = _common(own, noted)
        dropped = {*UNCHANGED, "metadata"}
        body = {name: value for name, value in body.items() if name not in dropped} | given
        return body | {"metadata": kept} if kept else body

    def conversation_of(self, body: JsonObject) -> JsonObject:
        """The ids of ``body``, which has passed the inlets, under the names that outlets read."""
        noted: Any = body.get("metadata")
        ids = {"chat_id": self.call.chat_id}
        for name, told in OUTLET_IDS.items():
            if isinstance(noted, dict) and isinstance(noted.get(name), str):
                ids[told] = noted[name]
        return {name: value for name, value in ids.items() if value}

    @property
    def holds_answer(self) -> bool:
        """Whether the upstream is asked for its answer in one piece, streamed or not."""
        return not self.call.is_streamed

    async def see(self, texts: Iterable[str], usage: Any = None) -> None:
        """Have the filters see what was streamed. Raises ``ApiError``, also for their changes."""
        for text in texts:
            content = await self._outlet({"role": "assistant", "content": text or None}, usage)
            if (content or "") != text:
                raise ChangedByFilterError(
                    "A filter changed this response after parts of it were sent."
                )

    async def outlet(self, answer: bytes) -> bytes:
        """A whole chat completion as the filters leave it."""
        completion = read_json(answer)
        for message in _messages_of(completion):
            message["content"] = await self._outlet(message, completion.get("usage"))
        return write_json(completion)

    async def _outlet(self, message: JsonObject, usage: Any) -> Any:
        """The content of ``message`` as the filters leave it, who see all that was said before."""
        said = {"role": message.get("role"), "content": message.get("content")}
        if isinstance(usage, dict):
            said["usage"] = usage  # where Open WebUI has it
        body: JsonObject = {
            "model": self.call.body.get("model"),
            "messages": [*self.call.body["messages"], said],
            **self.conversation,
        }
        for each in self.filters:
            body = await self._passed(each, "outlet", body)
        last = body["messages"][-1] if body["messages"] else None
        if not isinstance(last, dict):
            raise FilterUnavailableError("A filter removed the whole response.")
        return last.get("content")

    async def _passed(self, each: PipelinesFilter, step: str, body: JsonObject) -> JsonObject:
        """``body`` as one filter returns it."""
        connection = each.connection
        adapter = cast("PipelinesAdapter", connection.adapter)
        request = adapter.filter_request(each.id, step, body, self.call.caller)
        try:
            async with asyncio.timeout(connection.timeouts.total):
                response = await self.client.send(
                    request,
                    auth=connection.auth,
                    timeouts=connection.timeouts,
                    verify_tls=connection.upstream.verify_tls,
                    proxy=connection.upstream.proxy,
                )
                answer = await response.read(limits().whole_bytes)
        except (UpstreamError, AuthUnavailableError, TimeoutError) as exc:
            if isinstance(exc, AuthUnavailableError):
                connection.log_missing_credential(exc, self.call.request_id)
            raise FilterUnavailableError(f"The filter {each.id} cannot be reached.") from exc
        if not 200 <= response.status < 300:
            kept = connection.upstream.kept_from_errors | response.secrets
            words = error_in_body(answer).without(kept).message
            raise _refusal(each, words)
        return _object(each, answer)


def _common(own: Any, noted: Any) -> JsonObject:
    """The fields of ``noted`` whose names ``own`` has, too."""
    if not isinstance(own, dict) or not isinstance(noted, dict):
        return {}
    return {name: value for name, value in noted.items() if name in own}


def _refusal(each: PipelinesFilter, words: str) -> ApiError:
    """A filter refuses by failing, and says why; the status it does so with tells nothing."""
    if words:
        return InvalidRequestError(words, code="rejected_by_filter")
    return FilterUnavailableError(f"The filter {each.id} failed.")


def _object(each: PipelinesFilter, answer: bytes) -> JsonObject:
    try:
        body: Any = read_json(answer)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        raise FilterUnavailableError(f"The filter {each.id} did not return a chat.")
    return body


def _messages_of(completion: JsonObject) -> list[JsonObject]:
    """The message of every choice: filters must see all of them."""
    try:
        messages = [choice["message"] for choice in completion["choices"]]
    except (KeyError, TypeError) as exc:
        raise UpstreamAnswerError("The upstream's answer is not a chat completion.") from exc
    if not all(isinstance(message, dict) for message in messages):
        raise UpstreamAnswerError("The upstream's answer is not a chat completion.")
    return messages
