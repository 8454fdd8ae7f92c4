from typing import get_args

import pytest
from openai.types import chat, completion_usage
from openai.types.chat import (
    chat_completion,
    chat_completion_chunk,
    chat_completion_message_custom_tool_call,
    chat_completion_message_function_tool_call,
)

from tests.wire_formats.sdk_models import misfits
from wire_formats.chat import types
from wire_formats.stop_reasons import FinishReason
from wire_formats.token_counts import ChatUsage, CompletionDetails, PromptDetails


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (types.ChatCompletion, chat.ChatCompletion),
        (types.Choice, chat_completion.Choice),
        (types.ToolCall, chat.ChatCompletionMessageFunctionToolCall),
        (types.CalledFunction, chat_completion_message_function_tool_call.Function),
        (types.CustomCall, chat.ChatCompletionMessageCustomToolCall),
        (types.CalledCustom, chat_completion_message_custom_tool_call.Custom),
        (types.Chunk, chat.ChatCompletionChunk),
        (types.ChunkChoice, chat_completion_chunk.Choice),
        (ChatUsage, completion_usage.CompletionUsage),
        (PromptDetails, completion_usage.PromptTokensDetails),
        (CompletionDetails, completion_usage.CompletionTokensDetails),
    ],
)
def test_what_is_written_is_as_openais_sdk_has_it(kind, model):
    assert misfits(kind, model) == set()


def test_a_field_that_is_missing_or_unknown_is_found():
    assert misfits(types.CalledFunction, chat.ChatCompletionMessageFunctionToolCall) == {
        "name",
        "arguments",
        "id",
        "function",
        "type",
    }


def test_the_reasons_to_finish_are_openais():
    reasons = chat_completion.Choice.model_fields["finish_reason"].annotation
    assert set(get_args(FinishReason)) == set(get_args(reasons))
