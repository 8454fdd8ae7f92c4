"""Endpoints that write text: chat completions and their predecessor."""

from __future__ import annotations

from proxy.views.model_call import ModelCallView, Required
from proxy.views.resumable import ResumableCallView


class ChatCompletionsView(ResumableCallView):
    endpoint = "chat/completions"
    required = (Required(names=("messages",), kinds=(list,), hint="Give a list of messages."),)
    is_streamable = True


class CompletionsView(ModelCallView):
    endpoint = "completions"
    required = (
        Required(
            names=("prompt", "prompt_embeds"),
            kinds=(str, list),
            hint="Give a prompt: a text, or a list of texts or tokens.",
        ),
    )
    is_streamable = True
