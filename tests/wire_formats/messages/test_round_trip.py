"""Messages that become a chat and Messages again keep what both formats know."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wire_formats.families import family_of
from wire_formats.messages.request_from_chat.request import messages_request
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits
from wire_formats.messages.request_to_chat.request import chat_request

TRAITS = openrouter_traits(family_of("anthropic/claude-opus-4.5"))
WORDS = st.text("abc é", min_size=1, max_size=9).filter(str.strip)
TEXT = st.builds(lambda text: {"type": "text", "text": text}, WORDS)
URL = {"type": "url", "url": "https://example.com/a.png"}
DATA = {"type": "base64", "media_type": "image/png", "data": "aW1n"}
IMAGE = st.sampled_from([{"type": "image", "source": source} for source in (URL, DATA)])
INPUT = st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), max_size=2)
NAMES = ("get_weather", "f")


@st.composite
def conversations(draw: Any) -> list[dict[str, Any]]:
    """Turns of a user and an assistant, whose calls are answered at once."""
    messages = [{"role": "user", "content": [draw(TEXT)]}]
    for turn in range(draw(st.integers(0, 3))):
        calls = [
            {"type": "tool_use", "id": f"toolu_{turn}_{n}", "name": name, "input": draw(INPUT)}
            for n, name in enumerate(draw(st.lists(st.sampled_from(NAMES), max_size=2)))
        ]
        said = [*draw(st.lists(TEXT, min_size=not calls, max_size=1)), *calls]
        results = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": [draw(TEXT)]}
            for call in calls
        ]
        more = draw(st.lists(TEXT | IMAGE, min_size=not calls, max_size=1))
        messages += [
            {"role": "assistant", "content": said},
            {"role": "user", "content": [*results, *more]},
        ]
    return messages


@given(
    messages=conversations(),
    system=WORDS,
    choice=st.sampled_from([None, {"type": "any"}, {"type": "tool", "name": "f"}]),
)
def test_a_conversation_with_tools(messages, system, choice):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    tools = [{"name": name, "description": "d", "input_schema": schema} for name in NAMES]
    body = {
        "model": "m",
        "max_tokens": 99,
        "system": [{"type": "text", "text": system}],
        "messages": messages,
        "tools": tools,
    } | ({"tool_choice": choice} if choice else {})
    chat = chat_request(body, TRAITS)
    assert chat.dropped == ()
    back = messages_request(chat.body, model="m").body
    assert {name: back[name] for name in body} == body
