"""What one worker learned of keys and targets is known to all, within a second.

    KeyPool, TargetState ─ on_change ─► queue ─ write ─► hash and channel of Redis
                                                               │ listen
    KeyPool.learn, States.hear ◄───────────────────────────────┘ by every other worker

The hash is for workers that start, or find Redis again. Requests wait for none of this. Without
Redis each worker goes by what it finds out itself.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

import redis
import redis.asyncio

from connections.auth.key_states import KeyChange, KeyState
from connections.calling.key_pools import KeyPools, key_pools
from infrastructure import redis_outage, redis_servers
from infrastructure.outages import outages
from resilience.shared_state import SharedState, State, fingerprint, loads
from resilience.state_changes import Change, StateChange
from resilience.states import States, states

HASH = "gatehouse:resilience"
QUICKLY = {"socket_timeout": 1, "socket_connect_timeout": 1}
RETRY_SECONDS = 1.0
LONGEST_SECONDS = 900.0  # whatever another worker's clock says
KEPT_SECONDS = 1000
MOST_WAITING = 1000
TIDY_SECONDS = 60.0
CHANGES = {Change.OPENED: State.OPEN, Change.COOLED: State.COOLING, Change.CLOSED: State.OK}
NEWS = {State.OPEN: Change.OPENED, State.COOLING: Change.COOLED, State.OK: Change.CLOSED}


class Sharing:
    """One worker's part. ``wall`` gives seconds since the epoch."""

    def __init__(
        self,
        url: str,
        *,
        pools: KeyPools = key_pools,
        targets: States = states,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._pools = pools
        self._targets = targets
        self._wall = wall
        self._name = uuid.uuid4().hex
        self._waiting: deque[SharedState] = deque(maxlen=MOST_WAITING)
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tidied_at = float("-inf")

    async def run(self) -> None:
        """Tell and listen until cancelled. Returns at once where there is no Redis."""
        if not self._url:
            return
        self._loop = asyncio.get_running_loop()
        self._pools.on_change = self._key_changed
        self._targets.on_change = self._target_changed
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._persist(self._write))
                tasks.create_task(self._persist(self._listen))
        finally:
            self._pools.on_change = self._targets.on_change = None

    def _key_changed(self, connection_id: int, change: KeyChange) -> None:
        self._tell(
            SharedState(
                connection=connection_id,
                key=fingerprint(change.key),
                model=change.model,
                state=State(change.state),
                ends_at=self._wall() + change.seconds if change.seconds else 0.0,
                reason=change.reason,
            )
        )

    def _target_changed(self, change: StateChange) -> None:
        connection_id, model = change.key
        left = change.ends_at - self._targets.clock()
        self._tell(
            SharedState(
                connection=connection_id,
                model=model,
                state=CHANGES[change.change],
                ends_at=self._wall() + left if change.ends_at else 0.0,
                reason=change.reason,
            )
        )

    def _tell(self, state: SharedState) -> None:
        """Queue ``state``. An administrator's page calls this on a thread."""
        self._waiting.append(state)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _persist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin ``work`` again each time that it loses Redis."""
        while True:
            try:
                await work()
            except (redis.RedisError, OSError) as exc:
                redis_outage.tell("workers do not share what they know of keys and targets", exc)
                await asyncio.sleep(RETRY_SECONDS)

    async def _write(self) -> None:
        async with redis_servers.async_client(self._url, **QUICKLY) as client:
            while True:
                self._wake.clear()
                while self._waiting:
                    # It leaves the queue once it is written: another attempt tells it again.
                    state = self._waiting[0]
                    await self._write_unless_over(client, state)
                    if self._waiting and self._waiting[0] is state:
                        self._waiting.popleft()
                await self._wake.wait()

    async def _write_unless_over(self, client: redis.asyncio.Redis, state: SharedState) -> None:
        if state.state is not State.OK and state.ends_at <= self._wall():
            return
        try:
            await self._write_one(client, state)
        except redis.ResponseError as exc:  # it is full, or forbids it: no other attempt helps
            redis_outage.tell("other workers are not told of a key or target that rests", exc)

    async def _write_one(self, client: redis.asyncio.Redis, state: SharedState) -> None:
        await self._tidy(client)
        ended: list[str] = []
        if state.state is State.OK:
            places = [_text(place) for place in await client.hkeys(HASH)]
            is_key = bool(state.key)
            ended = [
                place
                for place in places
                if place == state.owner or (is_key and place.startswith(state.owner))
            ]
        async with client.pipeline(transaction=False) as pipe:
            if ended:
                pipe.hdel(HASH, *ended)
            if state.state is not State.OK:
                pipe.hset(HASH, state.place, state.dumps())
                pipe.expire(HASH, KEPT_SECONDS)
            pipe.publish(channel_of(client), f"{self._name} {state.dumps()}")
            await pipe.execute()

    async def _tidy(self, client: redis.asyncio.Redis) -> None:
        """Drop what is over, from time to time."""
        now = self._wall()
        if now - self._tidied_at < TIDY_SECONDS:
            return
        self._tidied_at = now
        kept = await client.hgetall(HASH)
        ended = [place for place, text in kept.items() if not _is_running(text, now)]
        if ended:
            await client.hdel(HASH, *ended)

    async def _listen(self) -> None:
        # No socket_timeout: a subscription may have nothing to read for hours.
        client = redis_servers.async_client(self._url, socket_timeout=None)
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(channel_of(client))
            await self._catch_up()
            outages.end(redis_outage.REDIS)
            self._wake.set()  # for what was learned while Redis was away
            async for message in pubsub.listen():
                if message["type"] == "message":
                    sender, _, text = message["data"].partition(b" ")
                    if sender.decode(errors="replace") != self._name:
                        self._heed([text])

    async def _catch_up(self) -> None:
        async with redis_servers.async_client(self._url, **QUICKLY) as client:
            self._heed((await client.hgetall(HASH)).values())

    def _heed(self, texts: Iterable[str | bytes]) -> None:
        for text in texts:
            state = loads(text)
            if state is None:
                continue
            seconds = min(state.ends_at - self._wall(), LONGEST_SECONDS)
            if state.state is not State.OK and seconds <= 0:
                continue
            if state.key:
                self._heed_key(state, max(seconds, 0.0))
            else:
                self._heed_target(state, seconds)

    def _heed_key(self, state: SharedState, seconds: float) -> None:
        pool = self._pools.of(state.connection)
        for key in pool.all if pool is not None else ():
            if pool is not None and state.state is not State.OPEN and fingerprint(key) == state.key:
                pool.learn(
                    KeyChange(
                        key=key,
                        model=state.model,
                        state=KeyState(state.state),
                        seconds=seconds,
                        reason=state.reason,
                    )
                )

    def _heed_target(self, state: SharedState, seconds: float) -> None:
        if state.model is None or state.state not in NEWS:
            return
        is_over = state.state is State.OK
        self._targets.hear(
            StateChange(
                key=(state.connection, state.model),
                change=NEWS[state.state],
                ends_at=0.0 if is_over else self._targets.clock() + seconds,
                reason=state.reason,
            )
        )


def channel_of(client: redis.asyncio.Redis) -> str:
    """The channel of the client's database: channels, unlike keys, are for all databases."""
    return f"{HASH}:{client.connection_pool.connection_kwargs.get('db') or 0}"


def _is_running(text: str | bytes, now: float) -> bool:
    state = loads(text)
    return state is not None and state.ends_at > now


def _text(place: str | bytes) -> str:
    return place.decode(errors="replace") if isinstance(place, bytes) else place
