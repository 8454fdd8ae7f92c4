"""Endpoints that write text: chat completions and their predecessor."""

from __future__ import annotations

from proxy.views.model_call import ModelCallView, Required
from proxy.views.resumable import ResumableCallView
from wire_formats.endpoints import CHAT_COMPLETIONS


class ChatCompletionsView(ResumableCallView):
    endpoint = CHAT_COMPLETIONS
    required = (Required(names=("messages",), kinds=(list,), hint="`messages` must be an array."),)
    is_streamable = True


class CompletionsView(ModelCallView):
    endpoint = "completions"
    required = (
        Required(
            names=("prompt", "prompt_embeds"),
            kinds=(str, list),
            hint="`prompt` must be a string, or an array of strings or tokens.",
        ),
    )
    is_streamable = True
