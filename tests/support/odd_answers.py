"""Answers of upstreams, broken in ways in which servers and proxies do break them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import orjson

from tests.support.fake_providers import Pieces, streamed, success
from wire_formats.json_objects import json_object

ODD_VALUES: tuple[Any, ...] = (
    *(None, [], {}, "", " ", 0, 7, -1, 2**70, 1.5, "7", True, "text", "é", '{"a":'),
    *([None], [{}], [[]], {"a": None}, {"city": "Paris"}),
)
UNKNOWN = b'event: unknown.kind\ndata: {"type":"unknown.kind"}\n\n'


@dataclass(slots=True)
class OddAnswers:
    """What ``success`` answers, differently broken each time; ``last`` is what was told."""

    random: Random
    last: Any = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = success(request)
        if isinstance(answer.stream, Pieces):
            self.last = self._stream(answer.stream.pieces)
            return streamed(self.last)
        self.last = self.broken(orjson.loads(answer.content))
        return httpx.Response(200, content=json.dumps(self.last).encode())

    def broken(self, value: Any) -> Any:
        """A copy of ``value`` with one to three odd places."""
        value = deepcopy(value)
        for _ in range(self.random.choice([1, 1, 2, 3])):
            if places := list(_places(value)):
                self._break(*self.random.choice(places))
        return value

    def _break(self, holder: Any, key: Any) -> None:
        value = holder[key]
        match self.random.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, deepcopy(value))
            case 1:
                holder[f"{key}_of_next_year"] = value
            case 2 if isinstance(value, int | float):
                holder[key] = str(value)
            case 2 if isinstance(value, str):
                holder[key] = json_object(value.encode()) or [{"type": "text", "text": value}]
            case _:
                holder[key] = deepcopy(self.random.choice(ODD_VALUES))

    def _stream(self, pieces: list[bytes]) -> list[bytes]:
        """Events lost, broken, doubled, unknown; the end cut off; all in one chunk."""
        told = [odd for piece in pieces for odd in self._event(piece)]
        if self.random.random() < 0.15:
            told = told[: self.random.randrange(len(told) + 1)]
        if told and self.random.random() < 0.1:
            told[-1] = told[-1][: len(told[-1]) // 2]
        return [b"".join(told)] if self.random.random() < 0.2 else told

    def _event(self, piece: bytes) -> list[bytes]:
        match self.random.randrange(16):
            case 0:
                return []
            case 1 | 2 | 3 if b"{" in piece:
                begin = piece.index(b"{")
                text = json.dumps(self.broken(orjson.loads(piece[begin:]))).encode()
                return [piece[:begin] + text + piece[piece.rindex(b"}") + 1 :]]
            case 4:
                return [piece, piece]
            case 5 if piece.startswith((b"data:", b"event:")):
                return [UNKNOWN, piece]
            case _:
                return [piece]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place within ``value``: what holds it, and its key there."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
