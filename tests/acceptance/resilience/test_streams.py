"""A stream comes from one target, whole, or tells that it is not whole."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.acceptance.resilience.routed import connection, route, routed, slug
from tests.acceptance.resilience.table import ALWAYS
from tests.acceptance.resilience.ways import WAYS, Way
from tests.faults.errors import HIDDEN
from tests.support.api import client_of
from tests.support.live import LiveGateway, live_gateway
from tests.support.scripted_upstream import (
    BilledUpstream,
    Script,
    cut,
    ended,
    error_first,
    hang,
    keep_alives,
    malformed,
    numbered,
    silent,
    status,
)
from tests.support.stores import BACKINGS

pytestmark = pytest.mark.acceptance

KEEP_ALIVE = ": keep-alive\n\n"
ENDS = ("[DONE]", "response.completed", "message_stop")
QUICK = ALWAYS | {"first_content_timeout_seconds": 0.5}
PATIENT = ALWAYS | {"first_content_timeout_seconds": 30}
LIMITS = {"GATEWAY_STREAM_KEEP_ALIVE_SECONDS": "0.2", "GATEWAY_STREAM_IDLE_TIMEOUT": "1"}

STREAMS = {
    name: WAYS[f"{name}, streamed"]
    for name in (
        "chat/completions",
        "responses",
        "messages",
        "messages over a chat",
        "a chat over messages",
    )
}
BEFORE_CONTENT: dict[str, Script] = {
    "an error as the first event": error_first("overloaded_error"),
    "an error after two events of the start": error_first("overloaded_error", after=2),
    "a cut": cut(after=0),
    "an end": ended(after=0),
    "a malformed event": malformed(at=0),
    "silence": silent(after=0),
}
# Each goes wrong after so many words, some of them only once the client has them.
AFTER_CONTENT: dict[str, tuple[Callable[[threading.Event], Script], int]] = {
    "a cut after 40 of 60 words": (lambda _: cut(after=40), 40),
    "an end after 40 of 60 words": (lambda _: ended(after=40), 40),
    "20 words, then silence": (lambda _: silent(after=20), 20),
    "one malformed event among good ones": (lambda until: malformed(at=20, until=until), 20),
}


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory):
    directory = tmp_path_factory.mktemp("streams")
    with live_gateway(stores, BACKINGS[0], directory, **LIMITS) as gateway:
        yield gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two upstreams that serve the same models, the first one first."""

    gateway: LiveGateway
    key: str
    first: BilledUpstream
    second: BilledUpstream

    @contextmanager
    def stream(self, way: Way, model: str) -> Iterator[httpx.Response]:
        body = {"model": model, **(way.body or {}), "stream": True}
        with (
            client_of(self.gateway, self.key) as client,
            client.stream("POST", way.path, json=body) as response,
        ):
            yield response

    def streamed(self, way: Way, model: str) -> str:
        """The whole stream, without comments."""
        with self.stream(way, model) as response:
            text = response.read().decode()
        assert response.status_code == 200, text
        return text.replace(KEEP_ALIVE, "")

    def hits(self, model: str) -> tuple[int, int]:
        return self.first.hits(model=model), self.second.hits(model=model)


def models_of(way: str) -> dict[str, str]:
    """The model of each script on a way, so that no test learns from another."""
    names = [*BEFORE_CONTENT, *AFTER_CONTENT, "well", "comments", "none"]
    return {name: slug(way, name) for name in names}


@pytest.fixture(scope="module")
def pair(gateway, first, second):
    connections = []
    for provider in ("compatible", "anthropic"):
        ways = [name for name, way in STREAMS.items() if way.provider == provider]
        models = [model for name in ways for model in models_of(name).values()]
        for priority, upstream in enumerate((first, second)):
            name = f"{provider}-{priority}"
            connections.append(
                connection(name, upstream, *models, provider=provider, priority=priority)
            )
    quick = [
        route(models[name], *(f"{STREAMS[way].provider}-{n}" for n in range(2)), policy=QUICK)
        for way in STREAMS
        for models in (models_of(way),)
        for name in ("silence", "none")
    ]
    policies = [{"name": "all", "default": True, **PATIENT}]
    key = routed(gateway, connections, quick, policies=policies)
    return Pair(gateway=gateway, key=key, first=first, second=second)


@pytest.fixture(params=STREAMS)
def named(request):
    """A way, and the model of each script on it."""
    return STREAMS[request.param], models_of(request.param)


def without_names(text: str) -> str:
    """``text`` without what differs between two responses to the same request."""
    return re.sub(r'"(model|created|created_at|id)": ?("[^"]*"|\d+)', r'"\1":0', text)


@pytest.mark.parametrize("name", BEFORE_CONTENT)
def test_before_content_the_second_answers_in_one_coherent_stream(pair, named, name):
    way, models = named
    whole = pair.streamed(way, models["well"])
    pair.first.tell(BEFORE_CONTENT[name], model=models[name])
    assert without_names(pair.streamed(way, models[name])) == without_names(whole)
    assert "three." in whole
    assert pair.hits(models[name]) == (1, 1)


@pytest.mark.parametrize("name", AFTER_CONTENT)
def test_after_content_the_stream_ends_with_an_error_and_nobody_else_is_asked(pair, named, name):
    way, models = named
    make, words = AFTER_CONTENT[name]
    has_words = threading.Event()
    pair.first.tell(make(has_words), model=models[name])
    told = ""
    with pair.stream(way, models[name]) as response:
        for part in response.iter_text():
            told += part
            if f'"w{words - 1} "' in told:
                has_words.set()
    assert [word for word in numbered(60) if f'"{word}"' in told] == [*numbered(words)]
    assert "One" not in told
    assert not any(end in told for end in ENDS)
    assert '"error"' in told
    assert not any(hidden in told for hidden in HIDDEN)
    assert pair.hits(models[name]) == (1, 0)


def test_comments_hold_the_client_until_another_target_has_content(pair, named):
    """The status is 200 long before the first target dies, and the client never learns of it."""
    way, models = named
    whole = pair.streamed(way, models["well"])
    may_die = threading.Event()
    pair.first.tell(keep_alives(may_die), model=models["comments"])
    text = ""
    with pair.stream(way, models["comments"]) as response:
        assert response.status_code == 200
        for part in response.iter_text():
            text += part
            if text.count(KEEP_ALIVE) > 3:
                may_die.set()
    assert text.startswith(KEEP_ALIVE)
    assert without_names(text.replace(KEEP_ALIVE, "")) == without_names(whole)
    assert pair.hits(models["comments"]) == (1, 1)


def test_an_error_event_takes_the_place_of_a_status_that_was_sent(pair, named):
    way, models = named
    pair.first.tell(hang, model=models["none"])
    pair.second.tell(status(503), model=models["none"])
    with pair.stream(way, models["none"]) as response:
        text = response.read().decode()
    assert (response.status_code, text[: len(KEEP_ALIVE)]) == (200, KEEP_ALIVE)
    assert not any(end in text for end in ENDS)
    assert '"error"' in text.replace(KEEP_ALIVE, "")
