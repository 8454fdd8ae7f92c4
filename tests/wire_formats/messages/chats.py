"""What chats say, whole or in chunks, and what messages make of it."""

from wire_formats.token_counts import Tokens

STOP_REASONS = [
    ("stop", "end_turn"),
    ("length", "max_tokens"),
    ("tool_calls", "tool_use"),
    ("content_filter", "refusal"),
    (None, "end_turn"),
    ({}, "end_turn"),
]
COUNTED = Tokens(prompt=13, cached=4, cache_write=3, completion=2)
USAGE = {
    "input_tokens": 6,
    "cache_creation_input_tokens": 3,
    "cache_read_input_tokens": 4,
    "output_tokens": 2,
}


def a_tool_call(index=0, id_="call_1", name="f", arguments="{}"):
    return {"index": index, "id": id_, "function": {"name": name, "arguments": arguments}}
