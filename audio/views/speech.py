"""``POST /v1/audio/speech``"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from audio.production import Production
from audio.ranges import RangeNotSatisfiableError, is_not_modified, requested_range
from audio.speech_cache import QuietWriter, SpeechCache, speech_cache
from audio.speech_request import ENDPOINT, SpeechRequest, is_told_who_asks
from audio.speech_store import Recording
from audio.turns import Turn
from connections.call import Call
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.dispatch import Dispatched, dispatch
from proxy.answering.limits import limits
from proxy.answering.routing import check_model_id, model_of, route
from proxy.api import ApiView
from proxy.client_side.errors import AnsweredError, UpstreamAnswerError
from proxy.client_side.response_headers import STREAMING, passed_on
from proxy.references.ownership import permitted
from proxy.views.upload import passed_through
from usage.exchange import Exchange, Surface

CACHE_HEADER = "x-gateway-cache"
# With what a player must know of raw samples: audio/l16; rate=24000; channels=1
AUDIO_TYPE = re.compile(
    r"audio/[a-z0-9.+-]{1,64}( ?; ?[a-z0-9-]{1,32}=\"?[a-z0-9.+, -]{1,64}\"?){0,4}", re.ASCII
)
SILENT_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream"})


class SpeechView(ApiView):
    """From the cache if the caller may use the model, else from the first target that takes it."""

    async def post(self, request: Request, deployment: str = "") -> HttpResponseBase:
        """``deployment`` is the model where the path names it, as Azure's clients have it."""
        speech = SpeechRequest.parse(self.payload)
        model = deployment or model_of(self.payload)
        check_model_id(model)
        exchange = self.accept(
            endpoint=ENDPOINT,
            model=model,
            is_streamed=speech.is_event_stream,
            surface=Surface.AZURE if deployment else Surface.OPENAI,
        )
        targets, options = await route(active(), self.caller, model)
        allowed = await permitted(self.payload, targets, self.caller)
        targets, speech = allowed.targets, replace(speech, bodies=allowed.bodies)
        self.forward_user_info = options.forward_user_info_headers
        cache = speech_cache()
        if cache is None or speech.is_event_stream:
            return await self.uncached(speech, targets, exchange)
        return await self.cached(cache, speech, targets, exchange)

    async def cached(
        self,
        cache: SpeechCache,
        speech: SpeechRequest,
        targets: Sequence[Target],
        exchange: Exchange,
    ) -> HttpResponseBase:
        """A recording, or what is about to become one."""
        digests = tuple(speech.digest(target, self.scope(target)) for target in targets)
        for target, digest in zip(targets, digests, strict=True):
            recording = await cache.find(digest)
            if recording is None:
                continue
            with suppress(OSError):  # evicted meanwhile, or the disk cannot be read
                note_target(exchange, target)
                response = await self.recorded(cache, recording)
                cache.count(is_hit=True)
                return response
        cache.count(is_hit=False)
        return await self.produced(
            cache, speech, dict(zip(targets, digests, strict=True)), exchange
        )

    def scope(self, target: Target) -> str:
        """Who shares recordings: everyone who may use the model, or each user with themself."""
        is_personal = (
            settings.GATEWAY_SPEECH_CACHE_PER_USER
            or self.forward_user_info
            or is_told_who_asks(target.line.upstream)
        )
        return f"user {self.caller.user_id}" if is_personal else "shared"

    async def recorded(self, cache: SpeechCache, recording: Recording) -> HttpResponseBase:
        """A hit: all of it, the range that is asked for, or the word that nothing has changed."""
        meta = self.api_request.META
        headers = {CACHE_HEADER: "hit", "etag": recording.etag, "accept-ranges": "bytes"}
        if is_not_modified(meta, recording.etag):
            return HttpResponse(status=304, content_type=recording.content_type, headers=headers)
        try:
            wanted = requested_range(meta, recording.size, recording.etag)
        except RangeNotSatisfiableError as exc:
            raise AnsweredError(
                "The range lies behind the end of the recording.",
                status=416,
                kind="invalid_request_error",
                code="range_not_satisfiable",
                headers={"content-range": f"bytes */{recording.size}"},
            ) from exc
        start, stop = wanted or (0, recording.size)
        if wanted:
            headers["content-range"] = f"bytes {start}-{stop - 1}/{recording.size}"
        pieces = cache.pieces(recording, start, stop)
        first = await anext(pieces)
        status = 206 if wanted else 200
        if len(first) == stop - start:
            await pieces.aclose()
            return HttpResponse(
                first, status=status, content_type=recording.content_type, headers=headers
            )
        return StreamingHttpResponse(
            following(first, pieces),
            status=status,
            content_type=recording.content_type,
            headers=headers | {"content-length": str(stop - start)},
        )

    async def produced(
        self,
        cache: SpeechCache,
        speech: SpeechRequest,
        digests: Mapping[Target, str],
        exchange: Exchange,
    ) -> HttpResponseBase:
        """A miss: streamed while it is written, together with all who ask for the same."""

        async def make(production: Production) -> None:
            async with cache.turns.turn(next(iter(digests.values()))) as turn:
                if await is_replayed(production, cache, digests, turn):
                    return
                dispatched = await self.dispatched(speech, tuple(digests), exchange)
                production.target = dispatched.target
                digest = digests[dispatched.target]
                await record(dispatched, production, speech, cache.writer(digest), turn)

        listener = cache.productions.join(tuple(digests.values()), make)
        production = listener.production
        asked_at = time.monotonic()
        await production.begun()
        # Whoever makes it, this request or another: it was waited for.
        exchange.upstream_seconds = time.monotonic() - asked_at
        exchange.upstream_answer = None
        if production.target is not None:
            note_target(exchange, production.target)
        return StreamingHttpResponse(
            listener.parts(),
            content_type=production.content_type,
            headers={CACHE_HEADER: "miss"},
        )

    async def uncached(
        self, speech: SpeechRequest, targets: Sequence[Target], exchange: Exchange
    ) -> HttpResponseBase:
        """The upstream's answer as it comes: audio, or events that hold it."""
        dispatched = await self.dispatched(speech, targets, exchange)
        headers = passed_on(dispatched.response.headers.raw)
        if speech.is_event_stream:
            return StreamingHttpResponse(passed_through(dispatched), headers=headers | STREAMING)
        return StreamingHttpResponse(
            passed_through(dispatched),
            content_type=media_type(dispatched, speech),
            headers=headers,
        )

    async def dispatched(
        self, speech: SpeechRequest, targets: Sequence[Target], exchange: Exchange
    ) -> Dispatched:
        """The success of one of the targets."""
        exchange.tokens.characters = len(speech.text)
        return await dispatch(
            active().client,
            targets,
            lambda target: self.call(speech, target),
            exchange=exchange,
            forward_user_info=self.forward_user_info,
        )

    def call(self, speech: SpeechRequest, target: Target) -> Call:
        """What ``target`` is asked."""
        return Call(
            endpoint=ENDPOINT,
            model=target.model,
            body=speech.body_for(target),
            caller=self.caller,
            request_id=self.api_request.request_id,
            credential=self.credential,
            cookies=self.cookies,
        )


async def is_replayed(
    production: Production, cache: SpeechCache, digests: Mapping[Target, str], turn: Turn
) -> bool:
    """Hand on what another worker has made meanwhile, if there is anything."""
    for target, digest in digests.items():
        recording = await cache.find(digest)
        if recording is None:
            continue
        pieces = cache.pieces(recording, 0, recording.size)
        try:
            first = await anext(pieces)
        except OSError:  # evicted meanwhile, or the disk cannot be read
            continue
        turn.give_back()
        production.target = target
        production.begin(recording.content_type)
        async with aclosing(following(first, pieces)) as all_pieces:
            async for piece in all_pieces:
                await production.add(piece)
        return True
    return False


async def record(
    dispatched: Dispatched,
    production: Production,
    speech: SpeechRequest,
    writer: QuietWriter,
    turn: Turn,
) -> None:
    """Hand an answer to the disk and the listeners; only a whole one is kept."""
    production.backing = writer
    content_type = media_type(dispatched, speech)
    size = 0
    async with aclosing(passed_through(dispatched)) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            if size > limits().total_bytes:
                raise UpstreamAnswerError("The upstream's answer is too large.")
            await writer.write(chunk)
            if not writer.is_keeping:
                turn.give_back()  # nobody else will have it from here
            if not production.content_type:
                production.begin(content_type)
            await production.add(chunk)
    if not size:
        raise UpstreamAnswerError("The upstream's answer is empty.")
    await writer.commit(content_type)


async def following(first: bytes, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """``first``, then ``pieces``."""
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece


def note_target(exchange: Exchange, target: Target) -> None:
    """Have the account name who gave the answer, to this request or to another."""
    exchange.connection = target.line.upstream.name
    exchange.upstream_model = target.model


def media_type(dispatched: Dispatched, speech: SpeechRequest) -> str:
    """The type of the audio. Raises ``UpstreamAnswerError`` for an answer that is none."""
    said: str = dispatched.response.headers.get("content-type", "").strip().lower()
    if said.partition(";")[0].strip() in SILENT_TYPES:
        return speech.content_type
    if not AUDIO_TYPE.fullmatch(said):
        raise UpstreamAnswerError("The upstream's answer is not audio.")
    return said
