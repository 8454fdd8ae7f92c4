"""Which streams take the short road of docs/architecture.md, through all of it but the server."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import trustme
from asgiref.sync import sync_to_async

from accounts.models import ApiKey, User
from connections.calling.client import UpstreamClient
from connections.models import Connection
from connections.transport import AiohttpTransport
from models_registry.registry import Registry, activate
from proxy.answering.streamed import ChangedEvents, SeenByFilters
from proxy.client_side.handler import ApiHandler
from proxy.client_side.inner_request import InnerRequest
from proxy.client_side.scope_extensions import WRITE_EXTENSION
from proxy.filters.chain import filter_classes
from proxy.resumable.recordings import recordings
from tests.support.api import HELLO
from tests.support.asgi import AsgiClient
from tests.support.builders import Chunks
from tests.support.responders import Responder, chunk, close_after, drip, head
from tests.support.upstream import ScriptedUpstream
from wire_formats.token_counts import Tokens

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
CHAT_EVENTS = [*[EVENT] * 6, FINISH, b"data: [DONE]\n\n"]
SECONDS = 0.02
STREAM = {"content_type": "text/event-stream"}


def named(kind: str, **fields: object) -> bytes:
    data = orjson.dumps({"type": kind, **fields})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


TEXT = named("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hi"})
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": []}
MESSAGES_EVENTS = [
    named("message_start", message=MESSAGE | {"usage": {"input_tokens": 1, "output_tokens": 1}}),
    named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    *[TEXT] * 6,
    named("content_block_stop", index=0),
    named("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 6}),
    named("message_stop"),
]
RESPONSE = {"id": "resp_1", "object": "response", "output": []}
RESPONSES_EVENTS = [
    named("response.created", sequence_number=0, response=RESPONSE | {"status": "in_progress"}),
    *[named("response.output_text.delta", sequence_number=n, delta="Hi") for n in range(1, 7)],
    named("response.completed", sequence_number=7, response=RESPONSE | {"status": "completed"}),
]


def chunked(events: list[bytes]) -> Responder:
    before = head(transfer_encoding="chunked", **STREAM)
    return drip([*map(chunk, events), chunk(b"")], every=SECONDS, before=before)


def of_known_length(events: list[bytes]) -> Responder:
    length = sum(map(len, events))
    return drip(events, every=SECONDS, before=head(content_length=length, **STREAM))


def up_to_the_end_of_the_connection(events: list[bytes]) -> Responder:
    async def respond(exchange: Any) -> None:
        await drip(events, every=SECONDS, before=head(**STREAM))(exchange)
        await close_after(b"")(exchange)

    return respond


def compressed(events: list[bytes]) -> Responder:
    packed = gzip.compress(b"".join(events))
    parts = [packed[at : at + 20] for at in range(0, len(packed), 20)]
    before = head(content_encoding="gzip", content_length=len(packed), **STREAM)
    return drip(parts, every=SECONDS, before=before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """``path`` asked for ``model``, before an upstream that sends ``events``."""

    path: str = CHAT
    model: str = "gpt-4o"
    events: list[bytes] = field(default_factory=lambda: CHAT_EVENTS)
    sent: Callable[[list[bytes]], Responder] = chunked
    headers: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    over_tls: bool = False


PROMPT_FILTER = {
    "GATEWAY_FILTERS": ["proxy.filters.system_prompt.SystemPromptPrefix"],
    "GATEWAY_SYSTEM_PROMPT_PREFIX": "Be kind.",
}
STREAM_FILTER = {
    "GATEWAY_FILTERS": ["proxy.filters.redactor.RegexRedactor"],
    "GATEWAY_REDACTED_PATTERNS": ["[0-9]{16}"],
}
OF_ANTHROPIC = {"model": "claude", "events": MESSAGES_EVENTS}
SHORT = {
    "a chat": Stream(),
    "a chat over TLS": Stream(over_tls=True),
    "a chat of known length": Stream(sent=of_known_length),
    "a chat that ends with its connection": Stream(sent=up_to_the_end_of_the_connection),
    "a chat whose request is filtered": Stream(settings=PROMPT_FILTER),
    "Messages": Stream(path=MESSAGES, **OF_ANTHROPIC),
}
LONG = {
    "the setting is off": Stream(settings={"GATEWAY_SHORT_ROAD": False}),
    "compressed": Stream(sent=compressed),
    "a chat over Messages": Stream(**OF_ANTHROPIC),
    "Messages over a chat": Stream(path=MESSAGES),
    "Responses": Stream(path=RESPONSES, events=RESPONSES_EVENTS),
    "filtered": Stream(settings=STREAM_FILTER),
    "resumable": Stream(headers={"x-gateway-resumable": "true"}),
}


class Client(AsgiClient):
    """Reads as fast as anything is written, and counts what is written at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.written_at_once = 0
        self.scope["extensions"][WRITE_EXTENSION] = self.write

    def write(self, part: bytes) -> bool:
        self.written_at_once += 1
        self.messages.append({"type": "http.response.body", "body": part, "more_body": True})
        return True


@pytest.fixture
def stream(request: pytest.FixtureRequest, settings: Any) -> Iterator[Stream]:
    stream: Stream = request.param
    for name, value in stream.settings.items():
        setattr(settings, name, value)
    filter_classes.cache_clear()
    yield stream
    filter_classes.cache_clear()


@pytest.fixture
def upstream(stream: Stream) -> Iterator[ScriptedUpstream]:
    context = None
    if stream.over_tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedUpstream(tls=context) as upstream:
        upstream.on("POST", "*", stream.sent(stream.events))
        yield upstream


@pytest.fixture
async def key(upstream: ScriptedUpstream, transactional_db: None) -> AsyncIterator[str]:
    """Opens both models, which are served by ``upstream``."""
    for provider, model in (("compatible", "gpt-4o"), ("anthropic", "claude")):
        await Connection.objects.acreate(
            name=provider,
            provider=provider,
            base_url=upstream.url,
            auth_type="none",
            model_ids=[model],
            verify_tls="false",
        )
    transport = AiohttpTransport()
    registry = Registry(UpstreamClient(transport))
    await registry.reload()
    activate(registry)
    user = await User.objects.acreate(username="ada", is_staff=True)
    yield (await sync_to_async(ApiKey.objects.issue)(user))[1]
    activate(None)
    await recordings.stop()
    await registry.stop()
    await transport.aclose()


async def answered(stream: Stream, key: str) -> Client:
    body = {"model": stream.model, "stream": True, "max_tokens": 9}
    body |= {"input": "Hello"} if stream.path == RESPONSES else {"messages": HELLO}
    fields = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    client = Client("POST", stream.path, headers=fields | stream.headers, body=[orjson.dumps(body)])
    await client.through(ApiHandler())
    assert (client.status, client.is_complete) == (200, True), client.body
    return client


@pytest.mark.parametrize("stream", SHORT.values(), ids=SHORT, indirect=True)
async def test_a_stream_that_takes_it(stream: Stream, key: str) -> None:
    client = await answered(stream, key)
    assert client.written_at_once
    assert client.body == b"".join(stream.events)


@pytest.mark.parametrize("stream", LONG.values(), ids=LONG, indirect=True)
async def test_a_stream_that_does_not_take_it(stream: Stream, key: str) -> None:
    client = await answered(stream, key)
    assert not client.written_at_once
    assert client.body.count(b"Hi") == 6


def test_a_stream_that_filters_of_a_pipelines_server_see_does_not_take_it() -> None:
    assert not hasattr(ChangedEvents(Chunks(), SeenByFilters(None, Tokens())), "pass_on_by")


def test_an_answer_to_the_gateway_itself_does_not_take_it() -> None:
    """Chats over WebSockets and streams that are recorded are such."""
    outer = {"extensions": {WRITE_EXTENSION: lambda _: True}}
    inner = InnerRequest(outer, path=CHAT, headers=[], body=b"")
    assert WRITE_EXTENSION not in inner.scope["extensions"]
