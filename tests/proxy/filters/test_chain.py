"""What filters may do to requests, answers and events, and what becomes of one that fails."""

import logging

import pytest

from proxy.client_side.errors import InvalidRequestError
from proxy.filters.chain import FilterChain, FilterFailedError, FilterRejected, filter_chain_for
from tests.support.builders import a_caller


class Tagger:
    def __init__(self, tag):
        self.tag = tag

    async def inlet(self, body, caller):
        return body | {"tags": [*body.get("tags", []), self.tag], "user": caller.username}

    async def outlet(self, body, caller):
        return body | {"tags": [*body.get("tags", []), self.tag]}

    stream = outlet


class Only:
    """A filter with one method, which does as it is told."""

    def __init__(self, name, result):
        setattr(self, name, self._step)
        self._result = result

    async def _step(self, subject, caller):
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


def chain(*filters):
    return FilterChain(list(filters), a_caller())


async def test_requests_pass_in_order_and_answers_in_reverse():
    both = chain(Tagger("a"), Tagger("b"))
    assert await both.inlet({"model": "m"}) == {"model": "m", "tags": ["a", "b"], "user": "ada"}
    assert await both.outlet({}) == {"tags": ["b", "a"]}


async def test_an_event_keeps_its_name():
    event = b'event: response.created\ndata: {"type": "response.created"}\n\n'
    changed = await chain(Tagger("a")).event(event)
    assert changed == b'event: response.created\ndata: {"type":"response.created","tags":["a"]}\n\n'


@pytest.mark.parametrize("event", [b": keep-alive\n\n", b"data: [DONE]\n\n"])
async def test_comments_and_the_end_pass(event):
    assert await chain(Only("stream", None)).event(event) == event


@pytest.mark.parametrize("event", [b"data: {}\n\n", b"data: no JSON\n\n", b'data: "text"\n\n'])
async def test_an_event_that_a_filter_drops_or_cannot_read_is_gone(event):
    assert await chain(Only("stream", None)).event(event) == b""


@pytest.mark.parametrize("step", ["inlet", "outlet"])
async def test_a_rejection_is_a_bad_request_with_its_message(step):
    rejecting = chain(Only(step, FilterRejected("Not on Tuesdays.")))
    with pytest.raises(InvalidRequestError, match="Not on Tuesdays") as caught:
        await getattr(rejecting, step)({})
    assert caught.value.code == "rejected_by_filter"


@pytest.mark.parametrize("step", ["inlet", "outlet"])
@pytest.mark.parametrize("result", [ValueError("secret detail"), None, "text"])
async def test_a_filter_that_fails_blocks_and_is_logged(step, result, caplog):
    failing = chain(Tagger("a"), Only(step, result), Tagger("b"))
    with caplog.at_level(logging.ERROR), pytest.raises(FilterFailedError) as caught:
        await getattr(failing, step)({})
    assert (caught.value.status, caught.value.code) == (500, "filter_failed")
    assert "secret detail" not in caught.value.message
    assert "Only" in caplog.text


def test_there_is_no_pipeline_without_filters():
    assert filter_chain_for("chat/completions", a_caller()) is None
