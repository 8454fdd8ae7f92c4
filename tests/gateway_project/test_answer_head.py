"""Heads of responses: built for a whole one, and kept for the first bytes of a body."""

from __future__ import annotations

import asyncio

import pytest

from gateway_project.answer_head import HeadWithBody, whole_head

FIELDS = [(b"content-type", b"text/plain"), (b"x-tab", b"a\tb")]


@pytest.mark.parametrize("closes", [False, True])
def test_the_head_of_a_whole_response(closes: bool) -> None:
    close = b"connection: close\r\n" if closes else b""
    assert whole_head(200, FIELDS, 12, closes=closes) == (
        b"HTTP/1.1 200 OK\r\n" + close + b"content-type: text/plain\r\nx-tab: a\tb\r\n"
        b"content-length: 12\r\n\r\n"
    )


@pytest.mark.parametrize("status", [100, 101, 204, 304, 299, 999])
def test_the_head_of_a_response_without_a_body_or_a_name_is_not_built(status: int) -> None:
    assert whole_head(status, FIELDS, 0, closes=False) is None


@pytest.mark.parametrize(
    "field",
    [
        (b"x-a", b"b\r\nset-cookie: c"),
        (b"x-a", b"b\nc"),
        (b"x-a", b"b\rc"),
        (b"x-a", b"b\0c"),
        (b"x-a", b"b\x7fc"),
        (b"x-a\r\nb", b"c"),
        (b"x-a b", b"c"),
        (b"x-a:b", b"c"),
        (b"X-A", b"c"),
        (b"", b"c"),
        (b"connection", b"close"),
        (b"content-length", b"9"),
        (b"transfer-encoding", b"chunked"),
    ],
)
def test_a_head_with_a_field_that_is_not_plain_is_not_built(field: tuple[bytes, bytes]) -> None:
    for _ in range(2):  # no name is remembered as plain that is not
        assert whole_head(200, [*FIELDS, field], 2, closes=False) is None


def test_any_number_of_names_may_be_plain() -> None:
    for n in range(1500):
        assert whole_head(200, [(b"x-%d" % n, b"a")], 2, closes=False) is not None


class Recorded(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data) -> None:
        assert not self.is_closing()
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.writes.append(b"closed")

    def is_closing(self) -> bool:
        return b"closed" in self.writes


class Cycle:
    transport: asyncio.Transport


async def test_the_head_goes_out_with_what_is_written_behind_it() -> None:
    cycle, transport = Cycle(), Recorded()
    cycle.transport = HeadWithBody(cycle, transport, asyncio.get_running_loop())
    cycle.transport.write(b"head")
    cycle.transport.write(b"body")
    assert cycle.transport is transport
    await asyncio.sleep(0)
    assert transport.writes == [b"headbody"]


async def test_a_head_with_nothing_behind_it_goes_out_at_once() -> None:
    cycle, transport = Cycle(), Recorded()
    head = cycle.transport = HeadWithBody(cycle, transport, asyncio.get_running_loop())
    assert not head.is_waiting
    head.write(b"head")
    assert head.is_waiting
    await asyncio.sleep(0)
    assert (transport.writes, cycle.transport) == ([b"head"], transport)


async def test_a_head_is_not_written_to_a_connection_that_was_lost_meanwhile() -> None:
    cycle, transport = Cycle(), Recorded()
    cycle.transport = HeadWithBody(cycle, transport, asyncio.get_running_loop())
    cycle.transport.write(b"head")
    transport.close()
    await asyncio.sleep(0)
    assert transport.writes == [b"closed"]


async def test_a_head_is_not_lost_when_the_connection_is_closed_behind_it() -> None:
    cycle, transport = Cycle(), Recorded()
    cycle.transport = HeadWithBody(cycle, transport, asyncio.get_running_loop())
    cycle.transport.write(b"head")
    cycle.transport.close()
    await asyncio.sleep(0)
    assert transport.writes == [b"head", b"closed"]
