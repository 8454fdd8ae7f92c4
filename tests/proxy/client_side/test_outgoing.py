"""An answer on its way: begun once, kept alive, never kept by a client that does not read."""

from __future__ import annotations

import asyncio

import pytest

from proxy.client_side.errors import ApiError
from proxy.client_side.outgoing import KEEP_ALIVE, Outgoing
from proxy.client_side.scope_extensions import (
    ABORT_EXTENSION,
    RESPONSE_EXTENSION,
    WRITE_EXTENSION,
)
from tests.support.builders import an_exchange
from wire_formats.chat.dialect import CHAT
from wire_formats.messages.dialect import MESSAGES
from wire_formats.sse import data_of

SECONDS = 0.05


class Client:
    """Takes ASGI messages; one that is ``stuck`` takes none until it is let go."""

    def __init__(self) -> None:
        self.messages: list[dict] = []
        self.can_read = asyncio.Event()
        self.can_read.set()
        self.was_cut = False

    async def send(self, message: dict) -> None:
        await self.can_read.wait()
        self.messages.append(message)

    def cut(self) -> None:
        self.was_cut = True

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def starts(self) -> list[int]:
        return [m["status"] for m in self.messages if m["type"] == "http.response.start"]

    @property
    def has_all(self) -> bool:
        return bool(self.messages) and self.messages[-1] == {"type": "http.response.body"}


def to(client: Client, *, write_timeout: float = 60, keep_alive: float = 60) -> Outgoing:
    scope = {"extensions": {ABORT_EXTENSION: client.cut}}
    return Outgoing(
        client.send,
        scope,
        serving=asyncio.current_task(),
        request_id="req_1",
        write_timeout=write_timeout,
        keep_alive=keep_alive,
    )


async def parts_of(*parts: bytes | float):
    """Parts, with pauses of so many seconds between them."""
    for part in parts:
        if isinstance(part, float):
            await asyncio.sleep(part)
        else:
            yield part


async def test_a_stream_is_sent_and_counted() -> None:
    client, exchange = Client(), an_exchange()
    outgoing = to(client)
    await outgoing.begin(200, [])
    await outgoing.stream(parts_of(b"ab", b"c"), exchange)
    await outgoing.finish()
    assert (client.starts, client.body, client.has_all) == ([200], b"abc", True)
    assert (exchange.chunks, exchange.bytes_sent) == (2, 3)
    assert exchange.first_byte_at >= exchange.started


async def test_what_is_written_at_once_is_counted_too() -> None:
    client, exchange = Client(), an_exchange()
    written: list[bytes] = []
    outgoing = Outgoing(
        client.send,
        {"extensions": {WRITE_EXTENSION: lambda part: part != b"-" and not written.append(part)}},
        serving=asyncio.current_task(),
        request_id="req_1",
        write_timeout=60,
        keep_alive=60,
    )

    async def parts():
        yield b"a"
        assert outgoing.write_at_once(b"bc")
        assert not outgoing.write_at_once(b"-")
        yield b"d"

    await outgoing.begin(200, [])
    await outgoing.stream(parts(), exchange)
    assert (client.body, written) == (b"ad", [b"bc"])
    assert (exchange.chunks, exchange.bytes_sent) == (3, 4)


async def test_other_servers_write_nothing_at_once() -> None:
    assert not to(Client()).write_at_once(b"a")


class Server:
    """Writes whole answers at once, unless it is busy."""

    def __init__(self, *, is_busy: bool = False) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.headers: dict[bytes, bytes] = {}
        self.is_busy = is_busy

    def write(
        self, extensions: object, status: int, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> bool:
        assert extensions == {RESPONSE_EXTENSION: self.write}
        if self.is_busy:
            return False
        self.answers.append((status, body))
        self.headers = dict(headers)
        return True


def through(server: Server, client: Client, *, keep_alive: float = 60) -> Outgoing:
    return Outgoing(
        client.send,
        {"extensions": {RESPONSE_EXTENSION: server.write}},
        serving=asyncio.current_task(),
        request_id="req_1",
        write_timeout=60,
        keep_alive=keep_alive,
        more_headers=[(b"vary", b"origin")],
    )


async def test_a_whole_answer_is_written_by_a_server_that_can() -> None:
    server, client = Server(), Client()
    outgoing = through(server, client)
    await outgoing.whole(201, [(b"a", b"b")], b"{}")
    assert (server.answers, client.messages, outgoing.has_begun) == ([(201, b"{}")], [], True)
    assert server.headers == {
        b"a": b"b",
        b"x-request-id": b"req_1",
        b"cache-control": b"private, no-store",
        b"x-content-type-options": b"nosniff",
        b"vary": b"origin",
    }


async def test_a_busy_server_is_waited_for() -> None:
    client = Client()
    await through(Server(is_busy=True), client).whole(200, [], b"{}")
    assert (client.starts, client.body) == ([200], b"{}")
    assert (b"content-length", b"2") in client.messages[0]["headers"]


async def test_the_length_of_an_answer_that_is_not_sent_is_left_to_the_server() -> None:
    server, client = Server(), Client()
    await through(server, client).whole(200, [], b"{}", is_sent=False)
    assert (server.answers, client.starts, client.body) == ([], [200], b"")


async def test_no_comment_follows_an_answer_that_was_written_at_once() -> None:
    server, client = Server(), Client()
    outgoing = through(server, client, keep_alive=0.0)
    outgoing.expect_stream(CHAT)
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the comment is due now, and its task has not had its turn
    await outgoing.whole(400, [], b"{}")
    await asyncio.sleep(0)
    assert (server.answers, client.messages) == ([(400, b"{}")], [])
    outgoing.close()


async def test_what_a_comment_has_begun_is_ended_through_asgi() -> None:
    server, client = Server(), Client()
    outgoing = through(server, client)
    await outgoing.begin(200, [])
    await outgoing.whole(200, [], b"{}")
    assert (server.answers, client.starts, client.body) == ([], [200], b"{}")


async def test_a_comment_begins_the_answer_of_a_slow_upstream() -> None:
    client = Client()
    outgoing = to(client, keep_alive=SECONDS)
    outgoing.expect_stream(CHAT)
    await asyncio.sleep(SECONDS * 4)
    await outgoing.begin(200, [])
    await outgoing.stream(parts_of(b"data: 1\n\n"), None)
    assert client.starts == [200]
    assert client.body.startswith(KEEP_ALIVE)
    assert client.body.endswith(b"data: 1\n\n")


async def test_comments_fill_pauses() -> None:
    client = Client()
    outgoing = to(client, keep_alive=SECONDS)
    outgoing.expect_stream(CHAT)
    await outgoing.begin(200, [])
    await outgoing.stream(parts_of(b"x", SECONDS * 6, b"y"), None)
    assert client.body.startswith(b"x" + KEEP_ALIVE)
    assert client.body.endswith(KEEP_ALIVE + b"y")


async def test_no_comment_follows_the_end() -> None:
    client = Client()
    outgoing = to(client, keep_alive=SECONDS)
    outgoing.expect_stream(CHAT)
    await outgoing.whole(400, [], b"{}")
    await asyncio.sleep(SECONDS * 4)
    assert (client.starts, client.body) == ([400], b"{}")


async def test_a_comment_that_was_about_to_be_sent_gives_way_to_a_status() -> None:
    client = Client()
    outgoing = to(client, keep_alive=0.0)
    outgoing.expect_stream(CHAT)
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the comment is due now, and its task has not had its turn
    await outgoing.whole(400, [], b"{}")
    await asyncio.sleep(0)
    assert (client.starts, client.body) == ([400], b"{}")


@pytest.mark.parametrize("dialect", [CHAT, MESSAGES])
async def test_an_answer_that_has_begun_fails_with_an_event(dialect) -> None:
    client = Client()
    outgoing = to(client)
    outgoing.expect_stream(dialect)
    await outgoing.begin(200, [])
    await outgoing.fail(ApiError("No more."))
    assert b"No more." in data_of(client.body)
    assert client.has_all


async def test_an_answer_without_words_for_it_is_cut() -> None:
    client = Client()
    outgoing = to(client)
    await outgoing.begin(200, [])
    await outgoing.fail(ApiError("No more."))
    assert client.was_cut
    assert not client.has_all


async def test_a_client_that_does_not_read_is_cut() -> None:
    client = Client()
    client.can_read.clear()

    async def answer() -> Outgoing:
        outgoing = to(client, write_timeout=SECONDS)
        try:
            await outgoing.begin(200, [])
        except asyncio.CancelledError:
            return outgoing
        raise AssertionError

    outgoing = await asyncio.create_task(answer())
    assert outgoing.has_given_up
    assert client.was_cut


async def test_a_comment_that_waits_for_a_slow_client_does_not_follow_the_end() -> None:
    client = Client()
    outgoing = to(client, keep_alive=SECONDS)
    outgoing.expect_stream(CHAT)
    await outgoing.begin(200, [])
    client.can_read.clear()
    await asyncio.sleep(SECONDS * 3)
    client.can_read.set()
    outgoing.close()
    await asyncio.sleep(SECONDS)
    assert client.body.count(KEEP_ALIVE) <= 1
