"""``POST /v1/audio/speech``"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from audio.ranges import RangeNotSatisfiableError, is_not_modified, requested_range
from audio.recording import following, is_replayed, media_type, record
from audio.single_flight import Flight
from audio.speech_cache import SpeechCache, speech_cache
from audio.speech_files import Recording
from audio.speech_request import ENDPOINT, SpeechRequest, is_told_who_asks
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.admission import admit_answer, admit_early
from proxy.answering.demand import demand_of
from proxy.answering.dispatched import Dispatched
from proxy.answering.routing import check_model_id, model_of, route
from proxy.answering.shapes import Shape
from proxy.api import ApiView
from proxy.client_side.errors import AnsweredError
from proxy.client_side.response_headers import STREAMING, passed_on
from proxy.references.ownership import permitted
from proxy.views.upload import passed_through
from usage.exchange import Exchange, Surface

CACHE_HEADER = "x-gateway-cache"


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
        self.switches = options
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
            await admit_answer(exchange, targets)
            with suppress(OSError):  # evicted meanwhile, or the disk cannot be read
                note_target(exchange, target)
                response = await self.recorded(cache, recording)
                cache.count(is_hit=True)
                return response
        # Before it waits for an answer that another request may have asked for.
        await admit_early(exchange, targets, partial(demand_of, ENDPOINT, speech.body))
        cache.count(is_hit=False)
        return await self.produced(
            cache, speech, dict(zip(targets, digests, strict=True)), exchange
        )

    def scope(self, target: Target) -> str:
        """The scope of recordings: shared by all users of the model, or of one user."""
        is_personal = (
            settings.GATEWAY_SPEECH_CACHE_PER_USER
            or self.switches.forward_user_info_headers
            or is_told_who_asks(target.connection.upstream)
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
                "The range begins after the end of the recording.",
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

        async def make(flight: Flight) -> None:
            async with cache.locks.lock(next(iter(digests.values()))) as lock:
                if await is_replayed(flight, cache, digests, lock):
                    return
                dispatched = await self.sent(speech, tuple(digests), exchange)
                flight.target = dispatched.target
                digest = digests[dispatched.target]
                await record(dispatched, flight, speech, cache.writer(digest), lock)

        listener = cache.flights.join(tuple(digests.values()), make)
        flight = listener.flight
        asked_at = time.monotonic()
        await flight.begun()
        # The wait counts as this request's even where another request made the call.
        exchange.upstream_seconds = time.monotonic() - asked_at
        exchange.upstream_answer = None
        if flight.target is not None:
            note_target(exchange, flight.target)
        return StreamingHttpResponse(
            listener.parts(),
            content_type=flight.content_type,
            headers={CACHE_HEADER: "miss"},
        )

    async def uncached(
        self, speech: SpeechRequest, targets: Sequence[Target], exchange: Exchange
    ) -> HttpResponseBase:
        """The upstream's answer as it comes: audio, or events that hold it."""
        dispatched = await self.sent(speech, targets, exchange)
        headers = passed_on(dispatched.response.headers.raw)
        if speech.is_event_stream:
            return StreamingHttpResponse(passed_through(dispatched), headers=headers | STREAMING)
        return StreamingHttpResponse(
            passed_through(dispatched),
            content_type=media_type(dispatched, speech),
            headers=headers,
        )

    async def sent(
        self, speech: SpeechRequest, targets: Sequence[Target], exchange: Exchange
    ) -> Dispatched:
        """The success of one of the targets."""
        exchange.tokens.characters = len(speech.text)
        candidates = self.candidates(
            exchange.model,
            targets,
            lambda target: self.call(ENDPOINT, target.model, speech.body_for(target)),
            self.switches,
            partial(demand_of, ENDPOINT, speech.body),
        )
        return await self.dispatched(candidates, exchange, shape=Shape.SOUND)


def note_target(exchange: Exchange, target: Target) -> None:
    """Have the account name who gave the answer, to this request or to another."""
    exchange.connection = target.connection.upstream.name
    exchange.upstream_model = target.model
