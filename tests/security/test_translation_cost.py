"""Requests that are written to make a translation slow, or to make it take much memory.

Each of these took seconds of the event loop, or a gigabyte, when its cost grew with the square of
its length or was counted nowhere.
"""

import gzip
import time
import tracemalloc
from base64 import urlsafe_b64encode
from contextlib import suppress

import orjson
import pytest

from proxy.answering.lacking import says_path_is_missing
from proxy.answering.upstream_errors import error_from_response
from proxy.client_side.errors import InvalidRequestError
from proxy.client_side.inflating import Inflater
from wire_formats.errors import UnsendableError
from wire_formats.messages.carried import MARK
from wire_formats.messages.request_from_chat.request import messages_request
from wire_formats.messages.request_to_chat.request import chat_request as chat_of_messages
from wire_formats.provider_errors import error_in_body
from wire_formats.responses.answer_from_chat.stream_calls import StreamedCalls
from wire_formats.responses.request_from_chat.request import responses_request
from wire_formats.responses.request_to_chat.request import chat_request as chat_of_responses
from wire_formats.responses.sealed import PREFIX

FEW, TIMES = 500, 8
USER = {"role": "user", "content": "x"}
NOTE = {"role": "system", "content": "x", "clear_at": "next_user_message"}
DETAIL = {"type": "reasoning.text", "text": "x" * 1000, "index": 0}


def called(ids):
    calls = [
        {"id": i, "type": "function", "function": {"name": "f", "arguments": "{}"}} for i in ids
    ]
    results = [{"role": "tool", "tool_call_id": i, "content": "x"} for i in reversed(ids)]
    return {
        "messages": [USER, {"role": "assistant", "content": None, "tool_calls": calls}, *results]
    }


def from_messages(messages):
    return lambda: chat_of_messages({"model": "m", "messages": messages})


def choosing(count):
    tools = [{"type": "function", "name": f"f{n}"} for n in range(count)]
    choice = {"type": "allowed_tools", "tools": [{"type": "function", "name": "g"}] * count}
    return {"model": "m", "input": "x", "tools": tools, "tool_choice": choice}


TRANSLATIONS = {
    "assistants in a row": lambda n: from_messages(
        [{"role": "assistant", "content": "x" * 5000}] * n
    ),
    "notes until answered": lambda n: from_messages([*[NOTE] * n * 4, USER]),
    "notes between results": lambda n: from_messages(
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": f"i{k}", "name": "f", "input": {}} for k in range(n)
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": f"i{k}"} for k in range(n)],
            },
            *[NOTE, {"role": "user", "content": []}] * n,
        ]
    ),
    "tools to choose from": lambda n: lambda: chat_of_responses(choosing(n * 2)),
    "results in another order": lambda n: (
        lambda: messages_request(called([f"c{k}" for k in range(n)]), model="claude-sonnet-4-5")
    ),
    "one id for all calls": lambda n: (
        lambda: messages_request(called(["c"] * n), model="claude-sonnet-4-5")
    ),
    "pieces of a thought": lambda n: (
        lambda: responses_request(
            {
                "messages": [
                    {"role": "assistant", "content": "x", "reasoning_details": [DETAIL] * n * 2}
                ]
            },
            model="gpt-5",
        )
    ),
}


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_time_grows_with_length_and_not_with_its_square(name):
    few, many = (seconds_of(TRANSLATIONS[name](count)) for count in (FEW, FEW * TIMES))
    assert many < max(few, 0.002) * TIMES * 4


def seconds_of(translate):
    """CPU of this thread, the least of three: other programs run beside the tests."""
    taken = []
    for _ in range(3):
        began = time.thread_time()
        with suppress(UnsendableError):
            translate()
        taken.append(time.thread_time() - began)
    return min(taken)


def test_calls_in_a_stream_are_found_at_once_however_many_there_are():
    assert (
        seconds_of(lambda: taken(8 * FEW * 4)) < max(seconds_of(lambda: taken(FEW * 4)), 0.002) * 32
    )


def taken(count):
    calls = StreamedCalls()
    for number in range(count):
        piece = {"index": number, "id": f"c{number}", "function": {"name": "f", "arguments": "{}"}}
        calls.take(piece)


def marked(mark, value):
    return mark + urlsafe_b64encode(value).decode()


BOMB = b"[" + b"[]," * 2**20 + b"[]]"


def test_a_mark_of_the_gateway_s_own_is_no_bomb():
    signature = marked(MARK, b'{"m":"m","t":' + BOMB + b"}")
    block = {"type": "thinking", "thinking": "x", "signature": signature}
    message = {"role": "assistant", "content": [block, {"type": "text", "text": "y"}]}
    assert peak_bytes(from_messages([USER, message, USER])) < 4 * len(signature)


def test_a_seal_of_the_gateway_s_own_is_no_bomb():
    seal = marked(PREFIX, b'{"thoughts":' + BOMB + b"}")
    item = {"type": "reasoning", "summary": [], "encrypted_content": seal}
    body = {"model": "m", "input": [item, {"role": "assistant", "content": "x"}]}
    assert peak_bytes(lambda: chat_of_responses(body)) < 4 * len(seal)


def peak_bytes(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_compressed_body_of_empty_members_is_refused_early():
    empty = gzip.compress(b"")
    with pytest.raises(InvalidRequestError):
        Inflater("gzip").add(empty * 3000, 2**20)


def test_members_that_hold_something_are_as_good_as_one():
    assert len(b"".join(Inflater("gzip").add(gzip.compress(b"x" * 8192) * 3000, 2**25))) == (
        8192 * 3000
    )


@pytest.mark.parametrize(
    "field", [["a"] * 60_000, {str(n): "" for n in range(20_000)}, ['{"a":"\\n"}'] * 15_000]
)
def test_an_error_with_very_many_texts_is_told_without_them(field):
    body = orjson.dumps({"error": {"message": "no", "details": field, "hint": "h"}})
    began = time.thread_time()
    told = error_in_body(body).without(frozenset({"sk-1", "sk-2"}))
    error = error_from_response(422, {}, told)
    assert time.thread_time() - began < 0.3
    assert error.message == "no"
    assert "details" not in error.more


def test_a_long_refusal_is_not_searched_to_its_end():
    body = orjson.dumps({"error": {"message": "x " + "url " * 60_000}})
    began = time.thread_time()
    assert not says_path_is_missing(404, body)
    assert time.thread_time() - began < 0.1
