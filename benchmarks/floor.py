"""The least that any gateway on uvicorn and aiohttp costs: it passes on, and knows nothing.

``python -m benchmarks.floor PORT BASE_URL`` serves it in front of the API at that URL.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

import aiohttp
import uvicorn
import uvloop

STREAM_SECONDS = 3600


class FloorApplication:
    """An ASGI application, which passes everything to ``upstream``, a URL of chat completions.

    Within ``async with`` it has its session.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream

    async def __aenter__(self) -> FloorApplication:
        # The defaults of aiohttp, except for the total: streams last longer.
        timeout = aiohttp.ClientTimeout(total=STREAM_SECONDS, sock_connect=30)
        self._session = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        is_complete = False
        while not is_complete:
            message = await receive()
            body += message["body"]
            is_complete = not message["more_body"]
        headers = {"authorization": "Bearer none", "content-type": "application/json"}
        async with self._session.post(self._upstream, data=body, headers=headers) as answer:
            start = {"type": "http.response.start", "status": answer.status}
            content_type = answer.headers["content-type"].encode()
            fields = [(b"content-type", content_type)]
            if answer.content_length is not None:
                fields.append((b"content-length", b"%d" % answer.content_length))
                await send({**start, "headers": fields})
                await send({"type": "http.response.body", "body": await answer.read()})
                return
            await send({**start, "headers": fields})
            async for chunk in answer.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body"})


async def serve(port: int, upstream: str) -> None:
    async with FloorApplication(upstream) as floor:
        config = uvicorn.Config(
            floor, port=port, lifespan="off", log_config=None, access_log=False, server_header=False
        )
        await uvicorn.Server(config).serve()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("base_url")
    arguments = parser.parse_args()
    upstream = f"{arguments.base_url}/chat/completions"
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(arguments.port, upstream))


if __name__ == "__main__":
    main()
