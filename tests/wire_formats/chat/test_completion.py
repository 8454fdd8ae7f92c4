"""Chat completions, whole and in chunks."""

from wire_formats.chat.completion import Completion, custom_call, tool_call

COMPLETION = Completion(id="c1", model="m", created=7)
SHARED = {"id": "c1", "created": 7, "model": "m"}
USAGE = {"prompt_tokens": 1}


def test_a_whole_one_has_one_choice():
    whole = COMPLETION.whole({"content": "Hi"}, "stop", USAGE)
    message = {"role": "assistant", "content": "Hi", "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    assert whole == SHARED | {"object": "chat.completion", "choices": [choice], "usage": USAGE}


def test_a_chunk_adds_to_one_choice():
    choice = {"index": 0, "delta": {"content": "Hi"}, "logprobs": None, "finish_reason": None}
    expected = SHARED | {"object": "chat.completion.chunk", "choices": [choice]}
    assert COMPLETION.chunk({"content": "Hi"}) == expected


def test_the_first_chunk_says_who_speaks():
    assert COMPLETION.opening() == COMPLETION.chunk({"role": "assistant", "content": ""})


def test_usage_has_a_chunk_of_its_own_where_it_is_known():
    [chunk] = COMPLETION.usage_chunks(USAGE)
    assert (chunk["choices"], chunk["usage"]) == ([], USAGE)
    assert list(COMPLETION.usage_chunks(None)) == []


def test_it_was_made_now_unless_the_upstream_says_when():
    assert Completion(id="c1", model="m").created > 1_700_000_000


def test_a_call_of_a_function():
    function = {"name": "f", "arguments": "{}"}
    assert tool_call("call_1", "f", "{}") == {
        "id": "call_1",
        "type": "function",
        "function": function,
    }


def test_a_call_of_a_custom_tool():
    custom = {"name": "sql", "input": "select 1"}
    assert custom_call("call_1", "sql", "select 1") == {
        "id": "call_1",
        "type": "custom",
        "custom": custom,
    }
