"""An upstream that costs next to nothing: answers are ready-made bytes, requests are not parsed.

``python -m benchmarks.mock_upstream PORT`` serves a fixed chat completion, and to whoever asks for
a stream as many events as ``max_tokens`` says or else ``CHUNKS``, ``CHUNKS_PER_SECOND`` of them
each second, the first at once.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from typing import cast

import uvloop

CHUNKS = int(os.environ.get("MOCK_CHUNKS", "400"))
CHUNKS_PER_SECOND = float(os.environ.get("MOCK_CHUNKS_PER_SECOND", "50"))
MAX_TOKENS = re.compile(rb'"max_tokens":\s*(\d+)')


def whole(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


COMPLETION = whole(
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1750000000,"model":"mock",'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":"' + b"word " * 60 + b'"},'
    b'"finish_reason":"stop","logprobs":null}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":60,"total_tokens":69}}'
)
MODELS = whole(
    b'{"object":"list","data":[{"id":"mock","object":"model","created":1,"owned_by":"m"}]}'
)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
EVENT = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1750000000,'
    b'"model":"mock","choices":[{"index":0,"delta":{"content":"word "},"logprobs":null,'
    b'"finish_reason":null}]}\n\n'
)
LAST = EVENT.replace(b'{"content":"word "}', b"{}").replace(
    b'"finish_reason":null', b'"finish_reason":"stop"'
)
# Two in turn: who repeats one is taken for a model that has lost its way.
STREAM_PIECES = (chunked(EVENT), chunked(EVENT.replace(b"word ", b"next ")))
STREAM_END = chunked(LAST) + chunked(b"data: [DONE]\n\n") + chunked(b"")


class MockUpstream(asyncio.Protocol):
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.buffer = b""
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < content_length(head):
            return
        self.buffer = b""
        if head.startswith(b"GET"):
            self.transport.write(MODELS)
        elif b'"stream":true' in body or b'"stream": true' in body:
            self.transport.write(STREAM_HEAD)
            wished = MAX_TOKENS.search(body)
            self.stream(int(wished[1]) if wished else CHUNKS, self.loop.time())
        else:
            self.transport.write(COMPLETION)

    def stream(self, left: int, due: float) -> None:
        if left:
            self.transport.write(STREAM_PIECES[left & 1])
            due += 1 / CHUNKS_PER_SECOND
            self.timer = self.loop.call_at(due, self.stream, left - 1, due)
        else:
            self.transport.write(STREAM_END)


def content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(MockUpstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
