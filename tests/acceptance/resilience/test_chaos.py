"""Two upstreams that fail by turns in every way, and 50 clients that never notice.

``make chaos`` lasts two minutes; ``make test`` has the ten seconds that are the default here.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from itertools import count
from random import Random

import anthropic
import openai
import pytest

from resilience.budget import AT_FIRST, PER_SECOND
from tests.acceptance.resilience.accounts import accounts_of
from tests.acceptance.resilience.routed import connection, route, routed
from tests.acceptance.resilience.table import ALWAYS
from tests.support.api import HELLO
from tests.support.processes import wait_until
from tests.support.scripted_upstream import (
    WORDS,
    BilledUpstream,
    Script,
    at_random,
    cut,
    ended,
    error_first,
    hang,
    html,
    reset,
    status,
)
from tests.usage.rows import rows_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

SECONDS = float(os.environ.get("CHAOS_SECONDS", "10"))
CLIENTS = 50
PAUSE_SECONDS = 0.8  # of each client between two chats
FAILING_SECONDS = 0.7
SEED = 5
TEXT = "One two three."
# Two models have to learn of each failure, with ten requests each.
BUDGET_PERCENT = 50
POLICY = ALWAYS | {
    "max_attempts": 4,
    "first_content_timeout_seconds": 1,
    "retry_budget_percent": BUDGET_PERCENT,
}
FAULTS: tuple[Script, ...] = (
    status(500),
    html(502),
    status(503, {"Retry-After": "1"}),
    status(529, type="overloaded_error"),
    status(429, {"Retry-After": "1"}),
    reset,
    hang,
    cut(after=0),
    ended(after=0),
    error_first("server_error"),
)
Ask = Callable[[], Awaitable[str]]


async def openai_chat(sdk: openai.AsyncOpenAI) -> str:
    whole = await sdk.chat.completions.create(model="chat", messages=HELLO)
    return whole.choices[0].message.content or ""


async def openai_stream(sdk: openai.AsyncOpenAI) -> str:
    stream = await sdk.chat.completions.create(model="chat", messages=HELLO, stream=True)
    return "".join([p.choices[0].delta.content or "" async for p in stream if p.choices])


async def anthropic_stream(sdk: anthropic.AsyncAnthropic) -> str:
    asked = {"model": "message", "messages": HELLO, "max_tokens": 9}
    async with sdk.messages.stream(**asked) as stream:
        return "".join([text async for text in stream.text_stream])


class Traffic:
    """50 clients that chat until they are told to stop; ``answered`` counts what each has got."""

    def __init__(self, asks: list[Ask]) -> None:
        self.answered = [0] * len(asks)
        self._is_over = False
        self._tasks = [asyncio.create_task(self._go_on(n, ask)) for n, ask in enumerate(asks)]

    async def stop(self) -> None:
        """Raises what a client has met, if it was no success."""
        self._is_over = True
        await asyncio.gather(*self._tasks)

    async def everybody_is_answered(self) -> None:
        """Until each client has sent and got back a whole chat from now on."""
        wanted = [count + 2 for count in self.answered]  # the next may be under way already
        while any(got < want for got, want in zip(self.answered, wanted, strict=True)):
            self._raise_failure()
            await asyncio.sleep(0.02)

    def _raise_failure(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()

    async def _go_on(self, number: int, ask: Ask) -> None:
        await asyncio.sleep(PAUSE_SECONDS * number / CLIENTS)
        while not self._is_over:
            assert await ask() == TEXT
            self.answered[number] += 1
            await asyncio.sleep(PAUSE_SECONDS)


@contextmanager
def failing(upstream: BilledUpstream, script: Script | None) -> Iterator[None]:
    """Within, ``upstream`` does ``script``, or is away."""
    if script is None:
        with upstream.away():
            yield
    else:
        upstream.tell(script)
        yield
        upstream.recover()


async def chaos(url: str, key: str, upstreams: tuple[BilledUpstream, BilledUpstream]) -> int:
    """One upstream after the other fails; both are well while what is under way ends.

    Every third time the upstream is away. Returns how many chats were answered.
    """
    faulty = at_random(Random(SEED), FAULTS)
    async with AsyncExitStack() as stack:
        sdk = await stack.enter_async_context(openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key))
        claude = await stack.enter_async_context(
            anthropic.AsyncAnthropic(base_url=url, api_key=key)
        )
        each: list[Ask] = [
            lambda: openai_chat(sdk),
            lambda: openai_stream(sdk),
            lambda: anthropic_stream(claude),
        ]
        traffic = Traffic([each[number % len(each)] for number in range(CLIENTS)])
        ends_at = time.monotonic() + SECONDS
        for number in count():
            if time.monotonic() > ends_at:
                break
            with failing(upstreams[number % 2], None if number % 3 == 2 else faulty):
                await asyncio.sleep(FAILING_SECONDS)
            await traffic.everybody_is_answered()
        await traffic.stop()
    return sum(traffic.answered)


async def test_no_client_notices_and_every_attempt_is_accounted_for(gateway, first, second):
    upstreams = {"first": first, "second": second}
    key = await asyncio.to_thread(
        routed,
        gateway,
        [
            # Nothing shows that a whole response comes: the connection says how long it may take.
            connection(name, upstream, "chat", "message", timeout_seconds=2)
            for name, upstream in upstreams.items()
        ],
        [
            route("chat", "first", "second", policy=POLICY),
            route("message", "first", "second", policy=POLICY),
        ],
    )
    started = time.monotonic()
    answered = await chaos(gateway.url, key, (first, second))
    seconds = time.monotonic() - started
    await asyncio.to_thread(wait_until, lambda: len(rows_of(gateway)) >= answered, what="the rows")
    rows = rows_of(gateway)
    assert len(rows) == answered
    assert {(row["status"], row["error_code"]) for row in rows} == {(200, "")}
    accounts = accounts_of(rows)
    for name, upstream in upstreams.items():
        assert accounts.of(name).fits(upstream.hits()), name
    hits = sum(upstream.hits() for upstream in upstreams.values())
    gained = BUDGET_PERCENT / 100 * answered + len(upstreams) * (AT_FIRST + PER_SECOND * seconds)
    assert hits <= answered + gained
    for name, upstream in upstreams.items():
        served, billed = accounts.of(name).output_tokens, upstream.bill.output_tokens
        # An upstream that goes away has charged for what it did not get off.
        assert served <= billed <= served + len(WORDS) * accounts.of(name).maybe_billed, name
