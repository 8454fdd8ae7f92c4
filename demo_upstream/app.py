"""The ASGI application: paths, methods, bodies, and how answers are sent."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import orjson

from demo_upstream import models
from demo_upstream.chat_completions import Chat
from demo_upstream.completions import Completion
from demo_upstream.embeddings import embeddings
from demo_upstream.errors import DemoError
from demo_upstream.listening import transcription
from demo_upstream.speech import speech

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
JsonObject = dict[str, Any]

LARGEST_BODY_BYTES = 64 * 2**20
JSON = b"application/json"
EVENT_STREAM = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")],
}
MODELS_PATH = "/v1/models"
LISTENING_PATHS = frozenset({"/v1/audio/transcriptions", "/v1/audio/translations"})


class ClientGoneError(Exception):
    """The client hung up before it had sent its body."""


class DemoUpstream:
    """``delay_seconds`` pass before each event of a stream. A ``key`` is then asked for."""

    def __init__(self, *, delay_seconds: float = 0.0, key: str = "") -> None:
        self.delay_seconds = delay_seconds
        self._key = key.encode()
        self._endpoints: dict[str, Callable[[JsonObject, Receive, Send], Awaitable[None]]] = {
            "/v1/chat/completions": self._chat,
            "/v1/completions": self._completion,
            "/v1/embeddings": self._embeddings,
            "/v1/audio/speech": self._speech,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except DemoError as error:
            await respond(send, error.body, status=error.status, headers=error.headers)
        except ClientGoneError:
            return

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        self._check_key(scope["headers"])
        path = scope["path"]
        if path == MODELS_PATH or path.startswith(f"{MODELS_PATH}/"):
            require_method(scope, "GET")
            await respond(send, models_answer(path))
            return
        if path in LISTENING_PATHS:
            require_method(scope, "POST")
            await self._transcription(scope, receive, send)
            return
        endpoint = self._endpoints.get(path)
        if endpoint is None:
            raise DemoError(f"There is nothing at {path}. Paths begin with /v1.", status=404)
        require_method(scope, "POST")
        await endpoint(parsed(await read_body(receive)), receive, send)

    def _check_key(self, headers: list[tuple[bytes, bytes]]) -> None:
        if not self._key:
            return
        given = dict(headers)
        key = given.get(b"api-key") or given.get(b"authorization", b"").removeprefix(b"Bearer ")
        if not hmac.compare_digest(key, self._key):
            raise DemoError("The API key is wrong or missing.", status=401, code="invalid_api_key")

    async def _chat(self, body: JsonObject, receive: Receive, send: Send) -> None:
        await self._say(Chat(body), receive, send)

    async def _completion(self, body: JsonObject, receive: Receive, send: Send) -> None:
        await self._say(Completion(body), receive, send)

    async def _embeddings(self, body: JsonObject, _receive: Receive, send: Send) -> None:
        await respond(send, embeddings(body))

    async def _speech(self, body: JsonObject, _receive: Receive, send: Send) -> None:
        content_type, audio = speech(body)
        await respond(send, audio, content_type=content_type)

    async def _transcription(self, scope: Message, receive: Receive, send: Send) -> None:
        form_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        form = await read_body(receive)
        content_type, answer = await asyncio.to_thread(transcription, form, form_type)
        await respond(send, answer, content_type=content_type)

    async def _say(self, words: Chat | Completion, receive: Receive, send: Send) -> None:
        if not words.is_streamed:
            await respond(send, words.answer())
            return
        hang_up = asyncio.ensure_future(receive())  # the body is read: what comes next is the end
        try:
            await send(EVENT_STREAM)
            for event in words.events():
                if self.delay_seconds:
                    await asyncio.wait({hang_up}, timeout=self.delay_seconds)
                if hang_up.done():
                    return
                await send({"type": "http.response.body", "body": event, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            hang_up.cancel()


def models_answer(path: str) -> bytes:
    """The list of models, or the entry of the one whose id, slashes and all, ends ``path``."""
    if path == MODELS_PATH:
        return models.LIST
    name = path.removeprefix(f"{MODELS_PATH}/")
    if name not in models.ENTRIES:
        raise models.unknown_model(name)
    return models.ENTRIES[name]


def require_method(scope: Message, method: str) -> None:
    if scope["method"] != method:
        raise DemoError(f"{scope['path']} answers {method} only.", status=405, allow=method)


async def read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY_BYTES:
            raise DemoError("The body is too large.", status=413)
        if not message.get("more_body"):
            return b"".join(parts)


def parsed(body: bytes) -> JsonObject:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise DemoError(f"The body is not valid JSON: {exc}.") from exc
    if not isinstance(value, dict):
        raise DemoError("The body must be a JSON object.")
    return value


async def respond(
    send: Send,
    body: bytes,
    *,
    status: int = 200,
    content_type: bytes = JSON,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    fields = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
