"""Reading ahead of who deals with a client's messages."""

import asyncio

from proxy.websockets.inbox import MESSAGE_BYTES, MOST_BYTES_AHEAD, Inbox
from tests.support.processes import PATIENCE_SECONDS

HALF = "x" * (MOST_BYTES_AHEAD // 2 + 1)


class Client:
    """Has ``texts`` to say, then leaves. ``taken`` counts what was received of it."""

    def __init__(self, *texts: str) -> None:
        self._messages = [{"type": "websocket.receive", "text": text} for text in texts]
        self._messages.append({"type": "websocket.disconnect"})
        self.taken = 0

    async def receive(self) -> dict[str, str]:
        await asyncio.sleep(0)
        if self.taken == len(self._messages):
            await asyncio.Event().wait()
        self.taken += 1
        return self._messages[self.taken - 1]


async def a_while() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_messages_come_in_order_and_the_end_last() -> None:
    inbox = Inbox(Client("a", "b").receive, lambda: None)
    assert [(await inbox.next()).get("text") for _ in range(3)] == ["a", "b", None]
    inbox.close()


async def test_that_the_client_left_is_known_before_its_messages_are_dealt_with() -> None:
    left = asyncio.Event()
    inbox = Inbox(Client("a", "b").receive, left.set)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await left.wait()
    assert (await inbox.next())["text"] == "a"
    inbox.close()


async def test_a_client_is_held_up_when_too_much_waits() -> None:
    client = Client(HALF, HALF, HALF, HALF)
    inbox = Inbox(client.receive, lambda: None)
    await a_while()
    assert client.taken == 2
    await inbox.next()
    await a_while()
    assert client.taken == 3
    inbox.close()


async def test_empty_messages_hold_a_client_up_too() -> None:
    most = MOST_BYTES_AHEAD // MESSAGE_BYTES
    client = Client(*[""] * (most + 10))
    inbox = Inbox(client.receive, lambda: None)
    for _ in range(most):
        await a_while()
    assert client.taken == most + 1
    inbox.close()
