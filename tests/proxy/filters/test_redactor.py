"""Nothing that matches passes, however a stream cuts it up."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.filters.chain import FilterRejected
from proxy.filters.redactor import HeldText, RegexRedactor, compiled
from tests.support.builders import a_caller
from wire_formats.chat.reasoning import Thought
from wire_formats.responses.sealed import opened, sealed

CARD = "4111-1111-1111-1111"
PATTERN = re.compile(r"\b\d{4}(?:-\d{4}){3}\b")


@pytest.fixture(autouse=True)
def patterns(settings):
    settings.GATEWAY_REDACTED_PATTERNS = [PATTERN.pattern]
    settings.GATEWAY_REDACTION_WINDOW = 30
    compiled.cache_clear()
    yield
    compiled.cache_clear()


def chunk(finish_reason=None, **delta):
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


async def streamed(*events):
    """The deltas that come out."""
    redactor = RegexRedactor("chat/completions")
    seen = [await redactor.stream(event, a_caller()) for event in events]
    return [event["choices"][0]["delta"] for event in seen]


async def test_requests_are_redacted_however_deep():
    body = {
        "model": CARD,
        "messages": [{"role": "user", "content": [{"type": "text", "text": f"My {CARD}."}]}],
    }
    redacted = await RegexRedactor("chat/completions").inlet(body, a_caller())
    assert redacted["messages"][0]["content"] == [{"type": "text", "text": "My [redacted]."}]
    assert redacted["model"] == CARD


async def test_answers_are_redacted_with_their_log_probabilities():
    choice = {"message": {"content": CARD}, "logprobs": {"content": [{"token": CARD}]}}
    answer = await RegexRedactor("chat/completions").outlet({"choices": [choice]}, a_caller())
    assert answer["choices"] == [{"message": {"content": "[redacted]"}, "logprobs": None}]


@given(text=st.text("12-a ", max_size=60), cuts=st.lists(st.integers(0, 90), max_size=8))
def test_a_text_in_pieces_is_redacted_as_a_whole(text, cuts):
    whole = f"{text}{CARD} {text}"
    held = HeldText(PATTERN, "[redacted]", window=30)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(places)]
    out = "".join(held.feed(piece, is_last=False) for piece in pieces)
    assert out + held.feed("", is_last=True) == PATTERN.sub("[redacted]", whole)


async def test_what_is_held_back_comes_with_the_end():
    deltas = await streamed(
        chunk(role="assistant", content="Card 4111-"), chunk(content=CARD[5:]), chunk("stop")
    )
    assert "".join(delta.get("content", "") for delta in deltas) == "Card [redacted]"
    assert "4111" not in str(deltas)


async def test_arguments_of_tools_are_redacted_each_for_itself():
    def call(index, text):
        return {"index": index, "function": {"arguments": text}}

    deltas = await streamed(
        chunk(tool_calls=[call(0, f'{{"a": "{CARD}"'), call(1, '{"b": 1')]),
        chunk(tool_calls=[call(0, "}"), call(1, "}")]),
        chunk("tool_calls"),
    )
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    said = {
        n: "".join(c["function"]["arguments"] for c in calls if c["index"] == n) for n in (0, 1)
    }
    assert said == {0: '{"a": "[redacted]"}', 1: '{"b": 1}'}


async def test_inputs_of_custom_tools_are_redacted_in_pieces():
    def call(text):
        return {"index": 0, "custom": {"input": text}}

    deltas = await streamed(
        chunk(tool_calls=[call(CARD[:7])]), chunk(tool_calls=[call(CARD[7:])]), chunk("tool_calls")
    )
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert "".join(call["custom"]["input"] for call in calls) == "[redacted]"


async def test_the_older_calls_are_redacted_in_pieces():
    deltas = await streamed(
        chunk(function_call={"name": "f", "arguments": CARD[:7]}),
        chunk(function_call={"arguments": CARD[7:]}),
        chunk("function_call"),
    )
    pieces = [delta["function_call"]["arguments"] for delta in deltas if "function_call" in delta]
    assert "".join(pieces) == "[redacted]"


async def test_a_thought_that_was_redacted_is_signed_no_more():
    blocks = [
        {"type": "thinking", "thinking": f"The card is {CARD}.", "signature": "sig"},
        {"type": "thinking", "thinking": "Nothing.", "signature": "sig"},
    ]
    [delta] = await streamed(chunk(thinking_blocks=blocks))
    assert [block["signature"] for block in delta["thinking_blocks"]] == ["", "sig"]


@pytest.mark.parametrize("endpoint", ["responses", "messages", "images/generations"])
async def test_streams_it_does_not_know_are_refused(endpoint):
    with pytest.raises(FilterRejected, match="whole"):
        await RegexRedactor(endpoint).inlet({"stream": True}, a_caller())


async def test_what_comes_in_one_piece_is_redacted_wherever_it_stands():
    [delta] = await streamed(chunk(annotations=[{"title": CARD}], audio={"transcript": CARD}))
    assert delta == {
        "annotations": [{"title": "[redacted]"}],
        "audio": {"transcript": "[redacted]"},
    }


async def test_streams_it_does_not_know_are_refused_also_when_asked_for_again():
    with pytest.raises(FilterRejected):
        await RegexRedactor("responses").stream({"type": "response.created"}, a_caller())


async def test_a_match_without_end_is_not_held_for_ever(settings):
    settings.GATEWAY_REDACTED_PATTERNS = ["x+"]
    compiled.cache_clear()
    deltas = await streamed(*[chunk(content="x" * 10_000) for _ in range(8)])
    assert "".join(delta["content"] for delta in deltas).startswith("[redacted]")


async def test_what_the_gateway_sealed_is_redacted_too():
    thoughts = [Thought(text=f"It is {CARD}.", signature="s"), Thought(text="Yes.", signature="t")]
    item = {"type": "reasoning", "encrypted_content": sealed(thoughts, {"c": "g"})}
    redactor = RegexRedactor("responses")
    for told in (
        await redactor.outlet({"output": [item]}, a_caller()),
        {"output": (await redactor.inlet({"input": [item]}, a_caller()))["input"]},
    ):
        seal = opened(told["output"][0]["encrypted_content"])
        assert seal.thoughts == (
            Thought(text="It is [redacted]."),
            Thought(text="Yes.", signature="t"),
        )
        assert seal.signatures == {"c": "g"}


@pytest.mark.parametrize("text", ["gatehouse.1.?", "gAAAA-of-another", sealed([Thought(text="a")])])
async def test_a_seal_without_a_match_stays_as_it_is(text):
    item = {"type": "reasoning", "encrypted_content": text}
    told = await RegexRedactor("responses").outlet({"output": [item]}, a_caller())
    assert told == {"output": [item]}
