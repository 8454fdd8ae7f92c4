"""Images from images: forms with files, passed on while they come in, or JSON with references."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from proxy.client_side.rendering import JsonParser
from proxy.views.model_call import ModelCallView, Required
from proxy.views.upload import UploadView
from wire_formats.images.dialect import EDITS, IMAGES

# OpenAI's own defaults, of its images in the course of time.
DEFAULT_MODELS = ("gpt-image-1.5", "gpt-image-2.5-sunburst", "gpt-image-2", "gpt-image-1")
PROMPT = Required(names=("prompt",), kinds=(str,), hint="`prompt` must be a string.")


class ImageGenerationsView(ModelCallView):
    endpoint = "images/generations"
    required = (PROMPT,)
    default_models = (*DEFAULT_MODELS, "dall-e-2")
    is_streamable = True
    dialect = IMAGES


class JsonImageEditsView(ModelCallView):
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


class ImageEditsView(UploadView):
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


class ImageVariationsView(UploadView):
    endpoint = "images/variations"
    default_models = ("dall-e-2",)
