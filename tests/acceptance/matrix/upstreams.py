"""An upstream of each kind, which holds a conversation and reads what it is sent."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from tests.acceptance.matrix.kinds import KINDS, Format
from tests.acceptance.matrix.ollama import Ollama
from tests.acceptance.matrix.scenario import Said, Seen, WrongRequestError
from tests.support.responders import Exchange, Responder, chunk, head, json_response, raw
from tests.support.upstream import ScriptedUpstream

NDJSON, SSE = "application/x-ndjson", "text/event-stream"


class Upstream:
    """An upstream of a kind, which says what it is told to and refuses what is wrong."""

    def __init__(self, name: str) -> None:
        self.kind = KINDS[name]
        self.server = ScriptedUpstream(models=(self.kind.model,))
        self.server.models[0]["pipeline"] = {"type": "pipe", "valves": False}
        self.server.on("POST", "*", self.answer)
        self.is_cut = False
        self.is_failing = False
        self.script: list[Said] = []
        self.turn = 0
        self.seen = Seen()

    @property
    def connection(self) -> dict[str, Any]:
        """As it is configured; the name is the kind's."""
        base = f"http://127.0.0.1:{self.server.port}{self.kind.base}"
        models = {} if self.is_pipelines else {"model_ids": [self.kind.model]}
        return {"base_url": base, "keys": ["sk-up"], **models, **self.kind.connection}

    @property
    def is_pipelines(self) -> bool:
        return self.kind.connection["provider"] == "pipelines"

    def will_say(self, *script: Said, is_cut: bool = False) -> None:
        """Begin a conversation: one of ``script`` for each request, or the half of it."""
        self.script, self.turn, self.is_cut = list(script), 0, is_cut
        self.is_failing = False
        self.seen = Seen()

    def will_fail(self) -> None:
        """Answer each request with the failure of this kind."""
        self.will_say()
        self.is_failing = True

    async def answer(self, exchange: Exchange) -> None:
        path = exchange.request.target.partition("?")[0]
        format_ = next((f for end, f in self.kind.formats.items() if path.endswith(end)), None)
        if format_ is None:
            await json_response({"detail": "Not Found"}, status=404)(exchange)
        elif self.is_failing:
            failure = self.kind.expected_failure
            await _failed(failure.content, failure.status)(exchange)
        else:
            await self._speak(exchange, format_)

    async def _speak(self, exchange: Exchange, format_: Format) -> None:
        body = exchange.request.json
        own = {"user"} if self.is_pipelines else set()
        try:
            format_.check(
                {name: value for name, value in body.items() if name not in own},
                self.script[: self.turn],
            )
        except (WrongRequestError, ValidationError) as exc:
            error = {"message": str(exc), "type": "invalid_request_error"}
            await json_response({"type": "error", "error": error}, status=400)(exchange)
            return
        self.seen = format_.seen(body)
        said = self.script[self.turn]
        self.turn += 1
        is_streamed = body.get("stream", isinstance(format_, Ollama) or self.is_pipelines)
        model = body.get("model") or self.kind.model
        if is_streamed:
            await self._stream(exchange, format_, format_.events(said, model))
        else:
            await json_response(format_.whole(said, model))(exchange)

    async def _stream(self, exchange: Exchange, format_: Format, events: list[bytes]) -> None:
        content_type = NDJSON if isinstance(format_, Ollama) else SSE
        await exchange.send(head(content_type=content_type, transfer_encoding="chunked"))
        kept = events[: -len(events) // 2] if self.is_cut else events
        for event in kept:
            await exchange.send(chunk(event))
        await exchange.send(chunk(b""))


def _failed(body: bytes, status: int) -> Responder:
    """A failure that is soon over: a limit is remembered, and the next test waits for its end."""
    fields = {"content_type": "application/json", "retry_after_ms": 1}
    return raw(head(status, content_length=len(body), **fields) + body)
