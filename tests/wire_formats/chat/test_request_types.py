"""Requests beside the types of OpenAI's SDK."""

from openai.types.chat import ChatCompletionAssistantMessageParam
from openai.types.chat.completion_create_params import CompletionCreateParamsBase

from wire_formats.chat import request_types
from wire_formats.chat.types import GoogleFields, ReasoningFields


def test_a_message_has_openais_fields_and_those_of_other_providers():
    others = {*ReasoningFields.__annotations__, *GoogleFields.__annotations__, "prefix"}
    known = ChatCompletionAssistantMessageParam.__annotations__.keys()
    assert request_types.AssistantMessage.__annotations__.keys() - known == others


def test_a_request_has_openais_fields_and_the_switch_of_deepseek():
    known = CompletionCreateParamsBase.__annotations__.keys()
    assert request_types.RequestFields.__annotations__.keys() - known == {"thinking"}
