"""Every way on which a request reaches an upstream, and how it is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import InvalidStatus

from tests.support.api import HELLO, client_of
from tests.support.live import LiveGateway
from tests.support.sockets import heard, open_socket, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a client got: a status of HTTP, or 0 where a socket told of an error; and its code."""

    status: int
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        return self.status in {101, 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """``path`` is asked with ``body``, or with ``form`` in its place; upstreams are ``provider``.

    ``is_streamed`` if the client asks for a stream, ``is_socket`` if the upstream is asked for a
    socket. ``is_json`` says whether an upstream answers with JSON or events.
    """

    path: str
    body: dict[str, Any] | None = None
    form: dict[str, str] | None = None
    provider: str = "compatible"
    is_streamed: bool = False
    is_json: bool = True

    @property
    def is_socket(self) -> bool:
        return self.path in {REALTIME, RESPONSES_SOCKET}

    @property
    def names_no_model(self) -> bool:
        """Whether an upstream is not told of the model: then its keys tell requests apart."""
        return self.is_socket or self.path == "/v1/audio/voices"

    @property
    def is_repeated_below(self) -> bool:
        """Whether a request that sets nothing in motion is sent again by the transport itself."""
        return self.body is None and self.form is None

    @property
    def has_fallback(self) -> bool:
        """Recordings are kept by their target, and voices are asked of a model."""
        return self.path not in {"/v1/audio/speech", "/v1/audio/voices"}

    @property
    def is_chat(self) -> bool:
        return self.path in {"/v1/chat/completions", "/v1/responses", "/v1/messages"}

    def ask(self, gateway: LiveGateway, key: str, model: str) -> Seen:
        match self.path:
            case "ws /v1/chat/completions":
                return _chat_socket(gateway, key, model)
            case "ws /v1/realtime":
                return _handshake(gateway, key, f"/v1/realtime?model={model}")
            case "ws /v1/responses":
                return _responses_socket(gateway, key, model)
        with client_of(gateway, key) as client:
            return _seen(self._response(client, model))

    def _response(self, client: httpx.Client, model: str) -> httpx.Response:
        if self.form is not None:
            # The file comes first, so that all of the form is there when the model is known.
            fields = {name: (None, value) for name, value in self.form.items()}
            parts = {"file": ("sound.wav", b"RIFF", "audio/wav"), "model": (None, model), **fields}
            return client.post(self.path, files=parts)
        if self.body is None:
            return client.get(self.path, params={"model": model})
        streamed = {"stream": True} if self.is_streamed else {}
        return client.post(self.path, json={"model": model, **self.body, **streamed})


REALTIME, RESPONSES_SOCKET = "ws /v1/realtime", "ws /v1/responses"
CHAT: dict[str, Any] = {"messages": HELLO}
MESSAGE: dict[str, Any] = {"messages": HELLO, "max_tokens": 99}
INPUT: dict[str, Any] = {"input": "Hello"}


def _both(name: str, **fields: Any) -> dict[str, Way]:
    return {name: Way(**fields), f"{name}, streamed": Way(**fields, is_streamed=True)}


WAYS: dict[str, Way] = {
    **_both("chat/completions", path="/v1/chat/completions", body=CHAT),
    **_both("completions", path="/v1/completions", body={"prompt": "Hello"}),
    **_both("responses", path="/v1/responses", body=INPUT),
    **_both("messages", path="/v1/messages", body=MESSAGE, provider="anthropic"),
    **_both("messages over a chat", path="/v1/messages", body=MESSAGE),
    **_both("a chat over messages", path="/v1/chat/completions", body=CHAT, provider="anthropic"),
    "embeddings": Way(path="/v1/embeddings", body=INPUT),
    "moderations": Way(path="/v1/moderations", body=INPUT),
    "rerank": Way(path="/v1/rerank", body={"query": "a", "documents": ["b"]}),
    "v2/rerank": Way(path="/v2/rerank", body={"query": "a", "documents": ["b"]}),
    "images/generations": Way(path="/v1/images/generations", body={"prompt": "A gate"}),
    "images/edits": Way(path="/v1/images/edits", form={"prompt": "A gate"}),
    "images/variations": Way(path="/v1/images/variations", form={}),
    "audio/speech": Way(path="/v1/audio/speech", body={**INPUT, "voice": "alloy"}, is_json=False),
    "audio/transcriptions": Way(path="/v1/audio/transcriptions", form={}),
    "audio/translations": Way(path="/v1/audio/translations", form={}),
    "audio/voices": Way(path="/v1/audio/voices"),
    "responses/compact": Way(path="/v1/responses/compact", body=INPUT),
    "responses/input_tokens": Way(path="/v1/responses/input_tokens", body=INPUT),
    "messages/count_tokens": Way(path="/v1/messages/count_tokens", body=CHAT, provider="anthropic"),
    "ws chat/completions": Way(path="ws /v1/chat/completions", is_streamed=True),
    "ws realtime": Way(path=REALTIME),
    "ws responses": Way(path=RESPONSES_SOCKET),
}

# These reach no upstream, or one that must be that very one.
ELSEWHERE = {
    "chat/completions/{}/stream": "a stream that was recorded here",
    "config": "settings of the gateway",
    "config/update": "settings of the gateway",
    "conversations": "kept here",
    "conversations/{}": "kept here",
    "conversations/{}/items": "kept here",
    "conversations/{}/items/{}": "kept here",
    "limits": "written here",
    "me": "about the caller, written here",
    "me/access-requests": "about the caller, written here",
    "me/access-requests/{}": "about the caller, written here",
    "me/keys": "about the caller, written here",
    "me/keys/{}": "about the caller, written here",
    "me/keys/{}/rotate": "about the caller, written here",
    "me/limits": "about the caller, written here",
    "me/models": "about the caller, written here",
    "me/models/{}": "about the caller, written here",
    "me/requests": "about the caller, written here",
    "me/requests/{}": "about the caller, written here",
    "me/usage": "about the caller, written here",
    "models": "lists have a deadline of their own, and a copy of the last good one",
    "models/{}": "as lists",
    "openapi.json": "written here",
    "passthrough/{}/{}": "names its connection",
    "realtime/client_secrets": "made here",
    "realtime/sessions": "made here",
    "responses/{}": "the account that stored it",
    "responses/{}/cancel": "the account that stored it",
    "responses/{}/input_items": "the account that stored it",
    "usage": "written here",
    "verify": "is about one connection",
}


def _seen(response: httpx.Response) -> Seen:
    return Seen(
        status=response.status_code,
        code=_code_of(response.content),
        headers=response.headers,
        body=response.content,
    )


def _code_of(body: bytes) -> str | None:
    """The code of an error object, or its type where the API has no codes; None for no error."""
    try:
        error = json.loads(body).get("error")
    except (ValueError, AttributeError):  # events, sound, a list
        return None
    return str(error.get("code") or error["type"]) if error else None


def _chat_socket(gateway: LiveGateway, key: str, model: str) -> Seen:
    with open_socket(gateway, key) as socket:
        say(socket, {"model": model, "messages": HELLO, "stream": True})
        got = [heard(socket)]
        while got[-1]["type"] == "chunk":
            got.append(heard(socket))
    text = json.dumps(got).encode()
    if got[-1]["type"] == "done":
        return Seen(status=200, body=text)
    return Seen(status=0, code=got[-1]["error"]["code"], body=text)


def _handshake(gateway: LiveGateway, key: str, path: str) -> Seen:
    try:
        with open_socket(gateway, key, path=path) as socket:
            return Seen(status=101, headers=socket.response.headers if socket.response else {})
    except InvalidStatus as refused:
        body = refused.response.body or b""
        status = refused.response.status_code
        return Seen(status=status, code=_code_of(body), headers=refused.response.headers, body=body)


def _responses_socket(gateway: LiveGateway, key: str, model: str) -> Seen:
    with open_socket(gateway, key, path="/v1/responses") as socket:
        say(socket, {"type": "response.create", "model": model, **INPUT})
        message = heard(socket)
    if message["type"] == "error":
        return Seen(status=0, code=message["error"]["code"], body=json.dumps(message).encode())
    return Seen(status=101, body=json.dumps(message).encode())
