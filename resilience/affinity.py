"""Keeping a conversation at one target, whose provider has its prompt in a cache.

Rendezvous hashing: each target draws a number from the conversation's key, and the highest wins.
When a target goes, only its own conversations move, each to where it drew second best.
https://www.eecs.umich.edu/techreports/cse/96/CSE-TR-316-96.pdf
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any, TypeVar

from resilience.route import Candidate
from resilience.states import States
from wire_formats.json_types import JsonObject

C = TypeVar("C", bound=Candidate)
SESSION_HEADERS = ("x-gateway-session", "x-gatehouse-session")
LEAST_BYTES = 4096  # shorter prompts are in no cache
HASHED_CHARACTERS = 4096
LOAD_BOUND = 1.25
INSTRUCTING = ("system", "developer")


def affinity_key(headers: Mapping[str, str], body: JsonObject, size: int) -> bytes:
    """What the requests of one conversation have in common; empty if nothing is known of it.

    ``headers`` are looked up by names in lower case; ``size`` is that of ``body`` in bytes.
    """
    if session := _session(headers, body):
        return _digest("session", [session])
    if size <= LEAST_BYTES:
        return b""
    return _digest("prompt", _first(HASHED_CHARACTERS, _prefix(body)))


def by_affinity(candidates: Sequence[C], states: States, affinity: bytes) -> list[C]:
    """The ``candidates`` of one tier by what they drew; those with more than their load last.

    The load of a target is bound to 1.25 of its share, by weight, of all that is in flight.
    """
    drawn = sorted(candidates, key=lambda each: _draw(affinity, each), reverse=True)
    in_flight = {each.key: states.of(each.key).in_flight for each in candidates}
    load = LOAD_BOUND * (sum(in_flight.values()) + 1)
    weights = sum(each.weight for each in candidates)

    def is_full(each: C) -> bool:
        share = each.weight / weights if weights else 1 / len(candidates)
        return in_flight[each.key] + 1 > math.ceil(load * share)

    return sorted(drawn, key=is_full)


def _draw(affinity: bytes, each: Candidate) -> float:
    """A number that depends on nothing but the conversation, the target and its weight."""
    connection_id, model = each.key
    name = b"%d/%b" % (connection_id, model.encode(errors="surrogatepass"))
    drawn = int.from_bytes(blake2b(affinity + name, digest_size=8).digest()) >> 12
    return each.weight / -math.log((drawn + 0.5) / 2**52)  # never 0 or 1 as a float


def _session(headers: Mapping[str, str], body: JsonObject) -> str:
    metadata = body.get("metadata")
    within = metadata if isinstance(metadata, dict) else {}
    named = [
        *(headers.get(name) for name in SESSION_HEADERS),
        body.get("prompt_cache_key"),
        within.get("session_id"),
        within.get("user_id"),  # Anthropic's
    ]
    return next((each for each in named if isinstance(each, str) and each), "")


def _prefix(body: JsonObject) -> Iterator[Any]:
    """What stays as it is from one turn to the next: instructions, tools, the first question."""
    turns = next((body[name] for name in ("messages", "input") if name in body), None)
    messages = [each for each in turns if isinstance(each, dict)] if isinstance(turns, list) else []
    yield body.get("model")
    yield body.get("system")
    yield body.get("instructions")
    yield from (each.get("content") for each in messages if each.get("role") in INSTRUCTING)
    yield body.get("tools")
    yield turns if isinstance(turns, str) else None
    yield next((each.get("content") for each in messages if each.get("role") == "user"), None)


def _first(characters: int, values: Iterable[Any]) -> Iterator[str]:
    """The texts within ``values`` up to as many ``characters``; what is longer is not read on."""
    left = characters
    for value in values:
        yield "\n"
        for text in _texts(value, left):
            yield text[:left]
            left -= min(len(text), left)
            if not left:
                return


def _texts(value: Any, most: int) -> Iterator[str]:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text) if text:
                yield text
            case dict() as fields:
                items = list(islice(fields.items(), most))
                waiting.extend(each for item in reversed(items) for each in reversed(item))
            case list() as values:
                waiting.extend(reversed(values[:most]))


def _digest(kind: str, texts: Iterable[str]) -> bytes:
    hashed = blake2b(kind.encode(), digest_size=16)
    for text in texts:
        hashed.update(b"\0")
        hashed.update(text.encode(errors="surrogatepass"))
    return hashed.digest()
