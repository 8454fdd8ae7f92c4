from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from proxy.answering.dispatched import Dispatched
from proxy.answering.limits import limits
from proxy.answering.whole import read_answer
from proxy.client_side.errors import ApiError
from tests.support.builders import SECRET, a_response, a_target, an_exchange


async def read(*parts: bytes | Exception, exchange=None) -> bytes:
    answer = Dispatched(target=a_target(), response=a_response(*parts))
    return await read_answer(answer, exchange or an_exchange())


async def refused(*parts: bytes | Exception) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await read(*parts)
    return caught.value


async def test_an_answer_passes_byte_for_byte() -> None:
    assert await read(b'{ "a": 1.0,\n', b' "error": null }') == b'{ "a": 1.0,\n "error": null }'


async def test_its_tokens_are_counted() -> None:
    exchange = an_exchange()
    await read(b'{"usage": {"prompt_tokens": 3, "completion_tokens": 4}}', exchange=exchange)
    assert (exchange.tokens.prompt, exchange.tokens.completion) == (3, 4)


async def test_it_is_handed_over_as_it_was_parsed() -> None:
    seen: list[dict] = []
    answer = Dispatched(target=a_target(), response=a_response(b'{"id": "resp_1"}'))
    await read_answer(answer, an_exchange(), on_answer=seen.append)
    assert seen == [{"id": "resp_1"}]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"a":', b"\xff"])
async def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    error = await refused(body)
    assert (error.status, error.code) == (502, "upstream_invalid_response")


async def test_an_error_within_a_success_is_an_error() -> None:
    error = await refused(b'{"error": {"message": "%b", "code": 400}}' % SECRET.encode())
    assert (error.status, error.message) == (400, "[removed]")


@pytest.mark.parametrize(
    ("failure", "status"),
    [(httpx.ReadError("x"), 502), (httpx.ReadTimeout("x"), 504), (httpx.DecodingError("x"), 502)],
)
async def test_an_answer_that_breaks_off_is_refused(failure: Exception, status: int) -> None:
    assert (await refused(b'{"a":', failure)).status == status


@pytest.fixture
def limit_of_ten_bytes(settings) -> Iterator[None]:
    settings.GATEWAY_MAX_RESPONSE_BYTES = 10
    limits.cache_clear()
    yield
    limits.cache_clear()


@pytest.mark.usefixtures("limit_of_ten_bytes")
async def test_an_answer_over_the_limit_is_refused() -> None:
    assert await read(b'{"a": "b"}') == b'{"a": "b"}'
    assert (await refused(b'{"a": ', b'"bc"}')).status == 502


async def test_thoughts_in_tags_are_told_beside_the_answer() -> None:
    body = b'{"choices": [{"message": {"content": "<think>a</think>b"}}]}'
    for model, told in (("deepseek-r1", b'"reasoning_content":"a"'), ("llama-4", b"<think>a<")):
        answer = Dispatched(target=a_target(model=model), response=a_response(body))
        assert told in await read_answer(answer, an_exchange())
