"""Endpoints that answer a JSON object with a JSON object."""

from __future__ import annotations

from proxy.views.model_call import ModelCallView, Required
from wire_formats.images.dialect import IMAGES


class EmbeddingsView(ModelCallView):
    endpoint = "embeddings"
    required = (
        Required(
            names=("input", "messages"),  # vLLM embeds conversations, too
            kinds=(str, list),
            hint="`input` must be a string, or an array of strings or tokens.",
        ),
    )


class ModerationsView(ModelCallView):
    endpoint = "moderations"
    required = (
        Required(names=("input",), kinds=(str, list), hint="`input` must be a string or an array."),
    )
    default_model = "omni-moderation-latest"  # OpenAI's own default


class RerankView(ModelCallView):
    """As Cohere, Jina and vLLM have it; they differ only in what a document may be."""

    endpoint = "rerank"
    required = (
        Required(
            names=("query",), kinds=(str, dict), hint="`query` must be a string or an object."
        ),
        Required(
            names=("documents",),
            kinds=(list, dict),
            hint="`documents` must be an array or an object.",
        ),
    )


class ImageGenerationsView(ModelCallView):
    endpoint = "images/generations"
    required = (Required(names=("prompt",), kinds=(str,), hint="`prompt` must be a string."),)
    is_streamable = True
    dialect = IMAGES
