"""An upstream that costs next to nothing: answers are ready-made bytes, requests are not parsed.

``python -m benchmarks.mock_upstream PORT`` serves a fixed chat completion, and for
``"stream":true`` a stream of ``CHUNKS`` events, ``CHUNKS_PER_SECOND`` of them each second.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import cast

import uvloop

CHUNKS = int(os.environ.get("MOCK_CHUNKS", "200"))
CHUNKS_PER_SECOND = float(os.environ.get("MOCK_CHUNKS_PER_SECOND", "50"))

COMPLETION = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1750000000,"model":"mock",'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":"' + b"word " * 60 + b'"},'
    b'"finish_reason":"stop","logprobs":null}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":60,"total_tokens":69}}'
)
MODELS = b'{"object":"list","data":[{"id":"mock","object":"model","created":1,"owned_by":"m"}]}'
EVENT = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1750000000,'
    b'"model":"mock","choices":[{"index":0,"delta":{"content":"word "},"logprobs":null,'
    b'"finish_reason":null}]}\n\n'
)
LAST = EVENT.replace(b'{"content":"word "}', b"{}").replace(
    b'"finish_reason":null', b'"finish_reason":"stop"'
)
DONE = b"data: [DONE]\n\n"
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


def whole(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class MockUpstream(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.buffer = b""
        self.timer: asyncio.TimerHandle | None = None

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
            self.transport.write(whole(MODELS))
        elif b'"stream":true' in body:
            self.transport.write(STREAM_HEAD)
            self.stream(CHUNKS, asyncio.get_running_loop().time())
        else:
            self.transport.write(whole(COMPLETION))

    def stream(self, left: int, due: float) -> None:
        if left:
            self.transport.write(chunked(EVENT))
            due += 1 / CHUNKS_PER_SECOND
            self.timer = asyncio.get_running_loop().call_at(due, self.stream, left - 1, due)
        else:
            self.transport.write(chunked(LAST) + chunked(DONE) + b"0\r\n\r\n")


def content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(MockUpstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
