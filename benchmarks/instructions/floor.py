"""The least that any gateway on uvicorn and aiohttp costs: it passes on, and knows nothing."""

from __future__ import annotations

from typing import Any

import aiohttp

UPSTREAM = "http://127.0.0.1:9/v1/chat/completions"


class Floor:
    """An ASGI application. Within ``async with`` it has its session."""

    async def __aenter__(self) -> Floor:
        self._session = aiohttp.ClientSession()
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
        async with self._session.post(UPSTREAM, data=body, headers=headers) as answer:
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
