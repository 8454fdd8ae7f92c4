"""Redis as ``REDIS_URL`` names it: one server, or the master that Sentinels tell of.

    redis://[[user]:password@]host:port/0                       one server; rediss:// with TLS
    redis+sentinel://[[user]:password@]host:port,…/name/0       rediss+sentinel:// with TLS

``name`` is what the Sentinels call the master. User and password are for the master and its
replicas; ``sentinel_username`` and ``sentinel_password`` in the query are for the Sentinels, and
``sentinel_ssl=false`` speaks to them without TLS. All other options are redis-py's, such as
``ssl_ca_certs``, and hold for both.

Each new connection asks the Sentinels again, so that a client whose master has failed needs to do
nothing but connect again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import redis
import redis.asyncio
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.asyncio.sentinel import SentinelConnectionPool as AsyncSentinelConnectionPool
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.driver_info import DriverInfo
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from infrastructure.redis_closing import ClosingRedis

SENTINEL_SCHEMES = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}
SERVER_SCHEMES = frozenset({"redis", "rediss", "unix"})
SENTINEL_PORT = 26379
SENTINEL_SECONDS = 1.0  # for each of them to answer: the next one may be alive
# Else redis-py reads its package's metadata for each connection: a millisecond of CPU.
OF_THE_DRIVER = {"driver_info": DriverInfo()}
NOT_FOR_SENTINELS = frozenset({"db", "username", "password"})


class RedisUrlError(ValueError):
    """The message says what is wrong with the URL, and holds nothing of it that may be secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinels:
    """Where to ask for the master called ``name``.

    ``options`` are redis-py's for the Sentinels, ``master`` those for the master.
    """

    name: str
    addresses: tuple[tuple[str, int], ...]
    options: dict[str, Any] = field(repr=False)
    master: dict[str, Any] = field(repr=False)


class _Sentinel(Sentinel):
    """Asks, and hangs up: a client asks once for each of its own connections."""

    def discover_master(self, service_name: str) -> Any:
        try:
            return super().discover_master(service_name)  # type: ignore[no-untyped-call]
        finally:
            for sentinel in self.sentinels:
                sentinel.connection_pool.disconnect(inuse_connections=False)


class _AsyncSentinel(AsyncSentinel):
    """Asks, and hangs up: a client asks once for each of its own connections."""

    async def discover_master(self, service_name: str) -> Any:
        try:
            return await super().discover_master(service_name)
        finally:
            for sentinel in self.sentinels:
                await sentinel.connection_pool.disconnect(inuse_connections=False)


class _BlockingSentinelPool(AsyncSentinelConnectionPool, BlockingConnectionPool):
    """Connections to the master, of which callers wait for one that is free."""


def sentinels_of(url: str) -> Sentinels | None:
    """The Sentinels that ``url`` names; None where it names a server. Raises ``RedisUrlError``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RedisUrlError("it cannot be read as a URL") from None
    if parts.scheme not in SENTINEL_SCHEMES:
        return None
    credentials, _, hosts = parts.netloc.rpartition("@")
    name, _, database = parts.path.strip("/").partition("/")
    if not name:
        raise RedisUrlError("it lacks the name of the master behind the addresses of Sentinels")
    query = dict(parse_qsl(parts.query))
    own = {key: query.pop(key) for key in list(query) if key.startswith("sentinel_")}
    netloc = f"{credentials}@master" if credentials else "master"
    scheme = SENTINEL_SCHEMES[parts.scheme]
    plain = urlunsplit((scheme, netloc, f"/{database}", urlencode(query), ""))
    master = _options(plain)
    return Sentinels(
        name=unquote(name),
        addresses=tuple(_address(host) for host in hosts.split(",")),
        options=_for_sentinels(master, own),
        master=master,
    )


def problem_of(url: str) -> str:
    """The mistake in ``url``, in words that hold no password; empty if there is none."""
    scheme = url.partition("://")[0] if "://" in url else ""
    try:
        if scheme in SENTINEL_SCHEMES:
            sentinels_of(url)
            return ""
        if scheme not in SERVER_SCHEMES:
            is_cluster = "cluster" in scheme
            named = "names a Redis Cluster, which the gateway cannot use" if is_cluster else ""
            return f"it {named or f'begins with {scheme}://'}" if scheme else "it is not a URL"
        address = parse_url(url)  # type: ignore[no-untyped-call]
    except RedisUrlError as exc:
        return str(exc)
    except ValueError:
        return "its host, port or options cannot be read"
    return "" if scheme == "unix" or address.get("host") else "it names no host"


def pool(url: str, **options: Any) -> redis.ConnectionPool:
    """Connections for threads. Raises ``RedisUrlError``."""
    sentinels = sentinels_of(url)
    if sentinels is None:
        return redis.ConnectionPool.from_url(url, **OF_THE_DRIVER | options)
    asked = OF_THE_DRIVER | {"retry": Retry(NoBackoff(), 0)} | sentinels.options
    manager = _Sentinel(sentinels.addresses, sentinel_kwargs=asked)  # type: ignore[no-untyped-call]
    own = OF_THE_DRIVER | sentinels.master | options
    return SentinelConnectionPool(sentinels.name, manager, **own)  # type: ignore[no-untyped-call]


def client(url: str, **options: Any) -> redis.Redis:
    """A client for threads. Close it."""
    return redis.Redis.from_pool(pool(url, **options))


def async_client(url: str, **options: Any) -> redis.asyncio.Redis:
    """A client for the event loop. Close it."""
    kinds = (redis.asyncio.ConnectionPool, AsyncSentinelConnectionPool)
    return ClosingRedis.from_pool(_async_pool(url, *kinds, options))


def blocking_async_client(
    url: str, *, most: int, wait_seconds: float, **options: Any
) -> redis.asyncio.Redis:
    """A client for the event loop with at most ``most`` connections. Close it.

    Callers wait up to ``wait_seconds`` for a connection that is free. A command whose connection
    is lost is sent once more, since it may be one that the server closed long ago.
    """
    again = AsyncRetry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    own = {"max_connections": most, "timeout": wait_seconds, "retry": again} | options
    return ClosingRedis.from_pool(
        _async_pool(url, BlockingConnectionPool, _BlockingSentinelPool, own)
    )


def _async_pool(url: str, of_server: Any, of_sentinels: Any, options: dict[str, Any]) -> Any:
    sentinels = sentinels_of(url)
    if sentinels is None:
        return of_server.from_url(url, **OF_THE_DRIVER | options)
    asked = OF_THE_DRIVER | {"retry": AsyncRetry(NoBackoff(), 0)} | sentinels.options
    manager = _AsyncSentinel(sentinels.addresses, sentinel_kwargs=asked)  # type: ignore[no-untyped-call]
    return of_sentinels(sentinels.name, manager, **OF_THE_DRIVER | sentinels.master | options)


def channel_host(url: str, **options: Any) -> dict[str, Any]:
    """The entry of ``hosts`` of a channel layer. A system check tells of a URL that is wrong."""
    sentinels = None if problem_of(url) else sentinels_of(url)
    if sentinels is None:
        return {"address": url, **options}
    return {
        "sentinels": sentinels.addresses,
        "master_name": sentinels.name,
        "sentinel_kwargs": {"retry": AsyncRetry(NoBackoff(), 0)} | sentinels.options,
        **sentinels.master,
        **options,
    }


def _options(url: str) -> dict[str, Any]:
    try:
        options: dict[str, Any] = dict(parse_url(url))  # type: ignore[no-untyped-call]
    except ValueError:
        raise RedisUrlError("its options cannot be read") from None
    options.pop("host", None)
    options.pop("port", None)
    if url.startswith("rediss://"):
        options.pop("connection_class", None)  # that of one server
        options["ssl"] = True
    return options


def _for_sentinels(master: dict[str, Any], own: dict[str, str]) -> dict[str, Any]:
    options = {name: value for name, value in master.items() if name not in NOT_FOR_SENTINELS}
    for name in ("username", "password"):
        if value := own.pop(f"sentinel_{name}", ""):
            options[name] = value
    match own.pop("sentinel_ssl", "true").lower():
        case "true":
            pass
        case "false":
            options = {name: v for name, v in options.items() if not name.startswith("ssl")}
        case _:
            raise RedisUrlError("its option `sentinel_ssl` is neither true nor false")
    if own:
        raise RedisUrlError(f"its option `{min(own)}` is not known")
    timeouts = {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS}
    return timeouts | options


def _address(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        if text:
            raise RedisUrlError("the port of a Sentinel cannot be read") from None
    if not host:
        raise RedisUrlError("one of its Sentinels has no host")
    return host, port or SENTINEL_PORT
