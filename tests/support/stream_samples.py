"""A stream of each API in its parts, for what holds in every dialect."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.builders import SECRET
from wire_formats.chat.dialect import CHAT
from wire_formats.dialect import Dialect
from wire_formats.messages.dialect import MESSAGES
from wire_formats.responses.dialect import RESPONSES
from wire_formats.sse import encoded_event, typed_event


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A stream of one dialect in its parts."""

    dialect: Dialect
    begin: bytes
    text: bytes
    finish: bytes
    end: bytes
    error: bytes
    tokens: tuple[int | None, ...] = (9, 4, 2)

    @property
    def whole(self) -> bytes:
        return self.begin + self.text + self.finish + self.end


CHAT_SAMPLE = Sample(
    dialect=CHAT,
    begin=encoded_event({"choices": [{"delta": {"role": "assistant"}, "finish_reason": None}]}),
    text=encoded_event({"choices": [{"delta": {"content": "Hi"}, "finish_reason": None}]}),
    finish=encoded_event(
        {
            "choices": [{"delta": {}, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "prompt_tokens_details": {"cached_tokens": 4},
            },
        }
    ),
    end=b"data: [DONE]\n\n",
    error=encoded_event({"error": {"message": f"no {SECRET}", "type": "server_error"}}),
)
RESPONSES_SAMPLE = Sample(
    dialect=RESPONSES,
    begin=typed_event(
        "response.created", response={"usage": None, "error": None}, sequence_number=0
    ),
    text=typed_event("response.output_text.delta", delta="Hi", sequence_number=1),
    finish=b"",
    end=typed_event(
        "response.completed",
        response={
            "usage": {
                "input_tokens": 9,
                "output_tokens": 2,
                "input_tokens_details": {"cached_tokens": 4},
            }
        },
        sequence_number=2,
    ),
    error=typed_event("error", message=f"no {SECRET}", code="server_error", sequence_number=2),
)
MESSAGES_SAMPLE = Sample(
    dialect=MESSAGES,
    begin=typed_event(
        "message_start",
        message={"usage": {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 1}},
    ),
    text=typed_event("content_block_delta", delta={"type": "text_delta", "text": "Hi"}),
    finish=typed_event(
        "message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}
    ),
    end=typed_event("message_stop"),
    error=typed_event("error", error={"type": "overloaded_error", "message": f"no {SECRET}"}),
)
SAMPLES = [CHAT_SAMPLE, RESPONSES_SAMPLE, MESSAGES_SAMPLE]
every_dialect = pytest.mark.parametrize(
    "sample", SAMPLES, ids=lambda sample: type(sample.dialect).__name__
)
