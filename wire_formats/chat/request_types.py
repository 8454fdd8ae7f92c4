"""The parts of a chat's request that are written here.

They are the TypedDicts of OpenAI's SDK, with the fields beside them that only other providers know.
Arrays are lists, and ``content`` is what is written: the SDK takes any iterable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Required, TypeAlias, TypedDict

from wire_formats.chat.types import GoogleFields, ReasoningFields
from wire_formats.json_types import JsonObject

if TYPE_CHECKING:
    from openai.types.chat import (
        ChatCompletionContentPartImageParam,
        ChatCompletionContentPartInputAudioParam,
        ChatCompletionContentPartTextParam,
        ChatCompletionCustomToolParam,
        ChatCompletionFunctionToolParam,
        ChatCompletionMessageCustomToolCallParam,
        ChatCompletionMessageFunctionToolCallParam,
        ChatCompletionStreamOptionsParam,
        ChatCompletionSystemMessageParam,
        ChatCompletionToolChoiceOptionParam,
        ChatCompletionToolMessageParam,
        ChatCompletionUserMessageParam,
    )
    from openai.types.chat.chat_completion_content_part_param import File
    from openai.types.chat.completion_create_params import ResponseFormat

    # Some upstreams pass Anthropic's ``cache_control`` on.
    class TextPart(ChatCompletionContentPartTextParam, total=False):
        cache_control: JsonObject

    class ImagePart(ChatCompletionContentPartImageParam, total=False):
        cache_control: JsonObject

    class FilePart(File, total=False):
        cache_control: JsonObject

    class AudioPart(ChatCompletionContentPartInputAudioParam, total=False):
        cache_control: JsonObject

    class FunctionTool(ChatCompletionFunctionToolParam, total=False):
        cache_control: JsonObject

    class FunctionCall(ChatCompletionMessageFunctionToolCallParam, GoogleFields, total=False):
        """A call of the history."""

    class CustomCall(ChatCompletionMessageCustomToolCallParam, GoogleFields, total=False):
        """A call of the history whose input is a text."""

    Part = TextPart | ImagePart | FilePart | AudioPart
    Tool = FunctionTool | ChatCompletionCustomToolParam


class ThinkingPart(TypedDict):
    """Reasoning as Mistral's models tell it."""

    type: Literal["thinking"]
    thinking: list[TextPart]


class AssistantMessage(ReasoningFields, GoogleFields, total=False):
    """``prefix`` asks Mistral's and DeepSeek's models to go on from the message."""

    role: Required[Literal["assistant"]]
    content: Required[str | list[TextPart | ThinkingPart] | None]
    tool_calls: list[FunctionCall]
    prefix: bool


Message: TypeAlias = (
    "ChatCompletionSystemMessageParam | ChatCompletionUserMessageParam | AssistantMessage"
    " | ChatCompletionToolMessageParam"
)


class ThinkingSwitch(TypedDict):
    """DeepSeek's."""

    type: Literal["enabled", "disabled"]


class RequestFields(TypedDict, total=False):
    """What is built of a request; fields that are copied from the client's stand beside it.

    ``reasoning_effort`` is any word, since upstreams other than OpenAI have levels of their own.
    """

    messages: list[Message]
    max_tokens: int
    temperature: float
    top_p: float
    stop: list[str]
    tools: list[FunctionTool]
    tool_choice: ChatCompletionToolChoiceOptionParam
    parallel_tool_calls: bool
    response_format: ResponseFormat
    reasoning_effort: str
    thinking: ThinkingSwitch
    verbosity: Literal["low", "medium", "high"]
    logprobs: bool
    top_logprobs: int
    user: str
    stream_options: ChatCompletionStreamOptionsParam
