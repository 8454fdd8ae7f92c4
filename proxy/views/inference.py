"""Endpoints that answer a JSON object with a JSON object."""

from __future__ import annotations

from proxy.views.model_call import ModelCallView, Required


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
    default_models = ("omni-moderation-latest",)  # OpenAI's own default


class RerankView(ModelCallView):
    """As Cohere (in both versions), Jina, vLLM and LiteLLM have it.

    They differ only in what a document may be, and in fields that pass as they are.
    """

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
