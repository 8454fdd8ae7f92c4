"""Images from images: forms with files, passed on while they come in, or JSON with references."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from proxy.answering.demand import images_in, images_in_form
from proxy.client_side.rendering import JsonParser
from proxy.uploads.multipart import IncomingForm
from proxy.views.model_call import ModelCallView, Required
from proxy.views.upload import UploadView
from usage.exchange import Exchange
from wire_formats.images.dialect import EDITS, IMAGES
from wire_formats.json_types import JsonObject

# OpenAI's own defaults, of its images in the course of time.
DEFAULT_MODELS = ("gpt-image-1.5", "gpt-image-2.5-sunburst", "gpt-image-2", "gpt-image-1")
PROMPT = Required(names=("prompt",), kinds=(str,), hint="`prompt` must be a string.")


class ImagesCallView(ModelCallView):
    """The base of what is asked for in JSON: the ledger knows of how many pictures."""

    async def answer(self, body: JsonObject, model: str, exchange: Exchange) -> HttpResponseBase:
        exchange.images = images_in(body)
        return await super().answer(body, model, exchange)


class ImagesUploadView(UploadView):
    """The base of what is asked for by a form."""

    async def answer(self, form: IncomingForm, model: str, exchange: Exchange) -> HttpResponseBase:
        exchange.images = images_in_form(form.value)
        return await super().answer(form, model, exchange)


class ImageGenerationsView(ImagesCallView):
    endpoint = "images/generations"
    required = (PROMPT,)
    default_models = (*DEFAULT_MODELS, "dall-e-2")
    is_streamable = True
    dialect = IMAGES


class JsonImageEditsView(ImagesCallView):
    """``images`` are addresses, data URLs or ids of files, as objects or as strings."""

    endpoint = "images/edits"
    required = (
        PROMPT,
        Required(
            names=("images", "image"),
            kinds=(list, dict, str),
            hint="`images` must be an array of objects with an `image_url` or a `file_id`.",
        ),
    )
    default_models = DEFAULT_MODELS
    is_streamable = True
    dialect = EDITS


class ImageEditsView(ImagesUploadView):
    """A form, or a JSON body: the media type tells."""

    endpoint = "images/edits"
    default_models = DEFAULT_MODELS

    async def dispatch(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if request.method == "POST" and request.content_type == JsonParser.media_type:
            answered: Any = edit_from_json(request, *args, **kwargs)
            response: HttpResponseBase = await answered
            return response
        return await super().dispatch(request, *args, **kwargs)


edit_from_json = JsonImageEditsView.as_view()


class ImageVariationsView(ImagesUploadView):
    endpoint = "images/variations"
    default_models = ("dall-e-2",)
