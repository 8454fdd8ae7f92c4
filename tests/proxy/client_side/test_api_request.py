from __future__ import annotations

import asyncio
from io import BytesIO

import pytest
from django.core.handlers.asgi import ASGIRequest

from proxy.client_side.api_request import ApiRequest
from proxy.client_side.incoming import IncomingBody
from proxy.client_side.outgoing import Outgoing

PLAIN = {
    "type": "http",
    "method": "post",
    "path": "/v1/chat/completions",
    "query_string": b"a=%C3%A4&b",
    "headers": [(b"host", b"a.example"), (b"content-type", b"application/json")],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
}
SCOPES = (
    PLAIN,
    PLAIN
    | {"headers": [(b"content-length", b"2"), (b"content-type", b"text/plain; charset=utf-8")]},
    PLAIN | {"headers": [(b"x-a", b"1"), (b"x_a", b"2"), (b"x-a", b"\xe9"), (b"cookie", b"a=b")]},
    PLAIN | {"headers": [(b"x-" + b"long-" * 20, b"1")]},
    PLAIN | {"client": None, "server": None, "query_string": b"", "headers": []},
    PLAIN | {"root_path": "/gate", "path": "/gate/v1/models"},
)


async def request_of(scope) -> ApiRequest:
    task = asyncio.current_task()
    incoming = IncomingBody(asyncio.Event().wait, serving=task, limit=1)
    outgoing = Outgoing(
        None, scope, serving=task, request_id="req_1", write_timeout=1, keep_alive=1
    )
    return ApiRequest(scope, incoming, outgoing, request_id="req_1", serving=task)


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_request_is_what_django_makes_of_its_scope(scope) -> None:
    request, djangos = await request_of(scope), ASGIRequest(scope, BytesIO())
    assert request.META == djangos.META
    ours = vars(request)
    for name, value in vars(djangos).items():
        if name != "_stream":
            assert ours[name] == value, name


async def test_a_query_that_is_no_text_is_an_error_as_in_django() -> None:
    with pytest.raises(UnicodeDecodeError):
        await request_of(PLAIN | {"query_string": b"\xff"})
