import anthropic.types as sdk
import pytest
from anthropic.types import raw_message_delta_event

from tests.wire_formats.sdk_models import misfits
from wire_formats.messages import types
from wire_formats.token_counts import MessagesUsage


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (types.Message, sdk.Message),
        (types.TextBlock, sdk.TextBlock),
        (types.ToolUseBlock, sdk.ToolUseBlock),
        (types.TextDelta, sdk.TextDelta),
        (types.InputJsonDelta, sdk.InputJSONDelta),
        (types.ThinkingDelta, sdk.ThinkingDelta),
        (types.SignatureDelta, sdk.SignatureDelta),
        (types.MessageDelta, raw_message_delta_event.Delta),
        (MessagesUsage, sdk.Usage),
    ],
)
def test_what_is_written_is_as_anthropics_sdk_has_it(kind, model):
    assert misfits(kind, model) == set()
