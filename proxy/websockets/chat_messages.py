"""The messages of chats over WebSockets: what comes in, and how answers are written.

In: a chat's body with an optional ``request_id``, or ``{"type": "cancel", "request_id": …}``.
Out: ``{"request_id", "type": "chunk", "data"}`` any number of times, then one of
``{"request_id", "type": "done", "gateway_request_id"}`` and
``{"request_id", "type": "error", "status", "error", "gateway_request_id"}``.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

import orjson

from proxy.client_side.errors import (
    ApiError,
    InvalidRequestError,
)
from proxy.websockets.json_messages import read_message
from wire_formats.errors import UnsendableError
from wire_formats.json_cost import LONG_BYTES
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject

LONGEST_REQUEST_ID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One request, or the wish to end one (``is_cancel``). ``body`` is what the API is sent."""

    request_id: str
    is_cancel: bool = False
    body: bytes = b""


async def read_chat_message(text: str) -> ChatMessage:
    """A client's message. Raises ``InvalidRequestError``."""
    message = await read_message(text)
    if len(text) < LONG_BYTES:
        return _chat_message(message)
    return await asyncio.to_thread(_chat_message, message)


def _chat_message(message: JsonObject) -> ChatMessage:
    request_id = message.pop("request_id", None)
    match message.pop("type", None):
        case "cancel":
            return ChatMessage(request_id=_known(request_id), is_cancel=True)
        case None:
            try:
                body = encoded_json(message)
            except UnsendableError as exc:
                raise InvalidRequestError(str(exc)) from exc
            chosen = secrets.token_hex(8) if request_id is None else _known(request_id)
            return ChatMessage(request_id=chosen, body=body)
        case _:
            raise InvalidRequestError("`type` must be `cancel`, or left out.", param="type")


def _known(request_id: Any) -> str:
    if isinstance(request_id, str) and 0 < len(request_id) <= LONGEST_REQUEST_ID:
        return request_id
    raise InvalidRequestError(
        f"`request_id` must be a string of 1 to {LONGEST_REQUEST_ID} characters.",
        param="request_id",
    )


def chunk_message(request_id: str, data: bytes) -> str:
    """``data`` is JSON already, and stays as it came."""
    head = b'{"request_id":%b,"type":"chunk","data":' % orjson.dumps(request_id)
    return (head + data + b"}").decode()


def done_message(request_id: str, gateway_request_id: str) -> str:
    """The end of an answer that is complete."""
    return _written(
        {"request_id": request_id, "type": "done", "gateway_request_id": gateway_request_id}
    )


def error_message(
    request_id: str | None, error: Any, *, status: int, gateway_request_id: str | None = None
) -> str:
    """The end of an answer that failed. ``error`` is OpenAI's error object."""
    return _written(
        {
            "request_id": request_id,
            "type": "error",
            "status": status,
            "error": error,
            "gateway_request_id": gateway_request_id,
        }
    )


def message_of(request_id: str | None, error: ApiError) -> str:
    """The error for a message that started no request."""
    return error_message(request_id, error.body()["error"], status=int(error.status))


def _written(message: JsonObject) -> str:
    return orjson.dumps(message).decode()
