"""The base of every endpoint whose form holds files and names a model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from functools import partial
from typing import ClassVar

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from connections.call import Call
from connections.calling.client import owned_responses
from connections.errors import MidStreamError
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.candidates import Candidates
from proxy.answering.demand import demand_of_form
from proxy.answering.dispatched import Dispatched
from proxy.answering.limits import limits
from proxy.answering.routing import check_model_id, default_model, model_of, route
from proxy.answering.shapes import Shape
from proxy.api import ApiView
from proxy.client_side.errors import UpstreamAnswerError
from proxy.client_side.response_headers import LONGEST_VALUE, STREAMING, is_plain, passed_on
from proxy.uploads.held import held_uploads
from proxy.uploads.multipart import IncomingForm
from usage.exchange import Exchange, Surface
from wire_formats.sse import MEDIA_TYPE


class UploadView(ApiView):
    """``POST``: routed by the form's model; the files go to the upstream as they come in.

    ``endpoint`` is the path below a base URL. The answer is passed on as the upstream gave it,
    whatever its media type, which the form decides in ways only the upstream knows.
    """

    endpoint: ClassVar[str]
    default_models: ClassVar[tuple[str, ...]] = ()
    reads_body = False

    async def post(self, request: Request, deployment: str = "") -> HttpResponseBase:
        """``deployment`` is the model where the path names it, as Azure's clients have it."""
        incoming = self.api_request.incoming
        incoming.limit = settings.GATEWAY_MAX_UPLOAD_BYTES
        form = IncomingForm(
            incoming,
            request.META.get("CONTENT_TYPE", ""),
            owner=self.caller.owner,
            held=held_uploads(),
        )
        try:
            named = await form.read_model(is_known=bool(deployment))
            model = deployment or await self.model(named)
            check_model_id(model)
            exchange = self.accept(
                endpoint=self.endpoint,
                model=model,
                is_streamed=form.value("stream") == "true",
                surface=Surface.AZURE if deployment else Surface.OPENAI,
            )
            response = await self.answer(form, model, exchange)
        except BaseException:
            form.close()
            raise
        if not response.streaming:
            form.close()
        return response

    async def model(self, named: str | None) -> str:
        """The model that the form names, or the API's default. Raises ``ApiError``."""
        if named is None and self.default_models:
            return await default_model(active(), self.caller, self.default_models)
        return model_of({"model": named})

    async def answer(self, form: IncomingForm, model: str, exchange: Exchange) -> HttpResponseBase:
        """The response of the first target that accepts the form."""
        candidates = await self.candidates_for(form, model)
        try:
            dispatched = await self.dispatched(
                candidates,
                exchange,
                shape=Shape.DOCUMENT,
                fallback=partial(self.candidates_for, form),
                may_repeat=form.is_whole,
                client_failure=lambda: form.failure,
            )
        finally:
            exchange.bytes_received = self.api_request.incoming.received_bytes
        if dispatched.response.headers.get("content-type", "").startswith(MEDIA_TYPE):
            return await self.streamed(dispatched, form)
        return await self.whole(dispatched, exchange)

    async def candidates_for(self, form: IncomingForm, model: str) -> Candidates:
        """The targets of ``model`` that may be sent the form. Raises ``ApiError``."""
        targets, options = await route(active(), self.caller, model)
        demand = partial(
            demand_of_form,
            self.endpoint,
            form.value,
            file_name=form.file_name,
            size_bytes=self.api_request.incoming.declared_length or 0,
        )
        return self.candidates(
            model, targets, lambda target: self.call_for(target, form), options, demand
        )

    def call_for(self, target: Target, form: IncomingForm) -> Call:
        """The call for ``target``."""
        return self.call(
            self.endpoint,
            target.model,
            {"model": target.model, "stream": form.value("stream") == "true"},
            upload=form.upload(target.model, target.registration.defaults_beside),
            upload_type=form.content_type,
        )

    async def whole(self, dispatched: Dispatched, exchange: Exchange) -> HttpResponseBase:
        """The answer in one piece: JSON, plain text, subtitles."""
        response = dispatched.response
        try:
            body = await response.read(limits().whole_bytes)
        except MidStreamError as exc:
            raise UpstreamAnswerError(exc.message) from exc
        self.take_usage(body, exchange)
        return HttpResponse(
            body,
            content_type=safe_media_type(response.headers.get("content-type", "")),
            headers=passed_on(response.headers.raw),
        )

    def take_usage(self, body: bytes, exchange: Exchange) -> None:
        """Note what the answer says of tokens or seconds."""

    async def streamed(self, dispatched: Dispatched, form: IncomingForm) -> HttpResponseBase:
        """Events as they come. The API has no form for an error in them: a broken one is cut."""
        headers = STREAMING | passed_on(dispatched.response.headers.raw)
        owned = owned_responses.get()
        if owned is not None:
            owned.append(form)  # closes it even if the client never reads the events

        async def events() -> AsyncGenerator[bytes]:
            with closing(form):  # the upstream may answer before it has all of it
                async for chunk in passed_through(dispatched):
                    yield chunk

        return StreamingHttpResponse(events(), headers=headers)


async def passed_through(dispatched: Dispatched) -> AsyncGenerator[bytes]:
    """The upstream's bytes as they come. Raises ``ApiError`` when they break off."""
    try:
        async with aclosing(dispatched.response.chunks()) as chunks:
            async for chunk in chunks:
                yield chunk
    except MidStreamError as exc:
        raise UpstreamAnswerError(exc.message) from exc


def safe_media_type(value: str) -> str:
    """An upstream's media type, unless a browser might run what it names."""
    kind = value.partition(";")[0].strip().lower()
    is_safe = kind in {"application/json", "text/plain", "text/vtt", "application/x-subrip"}
    if is_safe and is_plain(value) and len(value) <= LONGEST_VALUE:
        return value
    return "text/plain; charset=utf-8"
