"""Messages of agents are passed over at a glance; what they refer to is found all the same."""

import copy
from dataclasses import asdict
from itertools import count, islice

import pytest

from proxy.client_side.errors import InvalidRequestError
from proxy.references.blocks import (
    BLOCK_FIELDS,
    BLOCK_TYPES,
    MOST_BLOCKS,
    PLACES,
    are_plain_blocks,
)
from proxy.references.items import ITEM_FIELDS, ITEM_REFERENCE
from proxy.references.names import Kind, folded, kind_of
from proxy.references.reading import NONE, references_in

TOOL_INPUT = {"path": "/a", "file_id": "x", "model": "y", "deep": {"prompt": {"id": "z"}}}
MESSAGES = [
    {"role": "user", "content": "List them."},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Well.", "signature": "s"},
            {"type": "text", "text": "Let me see."},
            {
                "type": "tool_use",
                "id": "toolu_1",
                "name": "read",
                "input": TOOL_INPUT,
                "cache_control": {"type": "ephemeral", "ttl": "1h"},
            },
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "is_error": False,
                "content": [
                    {"type": "text", "text": "none"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AA"},
                    },
                ],
            }
        ],
    },
]
CHAT = [
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        ],
    },
    {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "x"}]},
    {
        "role": "user",
        "content": [
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:,"}},
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        ],
    },
]
ITEMS = [
    {"role": "user", "content": [{"type": "input_text", "text": "Go."}]},
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "e",
    },
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "a", "annotations": [], "logprobs": []}],
    },
    {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c", "output": "x"},
    {
        "type": "function_call_output",
        "call_id": "c",
        "output": [{"type": "input_text", "text": ""}],
    },
]
BODIES = {
    "messages": {"messages": MESSAGES},
    "chat": {"messages": CHAT},
    "responses": {"input": ITEMS},
    "socket": {"response": {"input": ITEMS}},
}
ADDED = [
    {"file_id": "file-1"},
    {"File_ID": "file-1"},
    {"model": "other"},
    {"Model": "other"},
    {"prompt": {"id": "pmpt_1"}},
    {"Prompt": "x"},
    {"container": "cntr_1"},
    {"previous_response_id": "resp_1"},
    {"vector_store_ids": ["vs_1"]},
    {"model_list": [{}]},
    {"id": "msg_2"},
    {"ID": "msg_2"},
    {"encryptedContent": "e"},
    {"type": "item_reference", "id": "rs_2"},
    {"type": "Item-Reference", "id": "rs_2"},
    {"type": ["message"], "id": "rs_2"},
    {"Type": "x"},
    {"source": {"type": "file", "file_id": "file-1"}},
    {"output": [[{"file_id": "file-1"}]]},
    {"summary": {"file_id": "file-1"}},
    {"input": [{"id": "rs_2"}]},
    {"input": {"file_id": "file-1"}},
    {"data": {"type": "item_reference", "id": "rs_2"}},
    {"arguments": {"file_id": "x"}},
    {"status": 1.5},
    {"url": "gs://bucket/a.png"},
    {"image_url": "file:///a.png"},
    {"image_url": {"url": "s3://bucket/a.png"}},
    {"source": {"type": "url", "url": "gs://bucket/a.pdf"}},
    {"image_url": ["gs://bucket/a.png"]},
    {"image_url": {"url": ["gs://bucket/a.png"]}},
    {"url": ["file:///a.png"]},
    {"file": {"file_data": "gs://bucket/a.pdf"}},
    {"file_data": "file:/etc/passwd"},
    {"input_audio": {"data": "gs://bucket/a.mp3"}},
    {"data": "note: a text"},
    {"image": "file:///a.png"},
    {"input_video": {"url": "gs://bucket/a.mp4"}},
    {"modelId": "other"},
    {"thread": "t_1"},
]


def objects_of(value):
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from objects_of(each)


def variants(body, added):
    """``body`` with ``added`` in each of its objects in turn."""
    for place in count():
        changed = copy.deepcopy(body)
        found = next(islice(objects_of(changed), place, None), None)
        if found is None:
            return
        found |= added
        yield changed


def walked(body):
    """``body`` with a field in each object for which nothing is passed over at a glance."""
    marked = copy.deepcopy(body)
    for each in list(objects_of(marked)):
        each["x_mark"] = 1
    return marked


def outcome(body):
    try:
        return asdict(references_in(body))
    except InvalidRequestError as exc:
        return exc.param, exc.code


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("added", ADDED, ids=str)
def test_the_glance_sees_what_the_walk_would(body, added):
    outcomes = [(outcome(each), outcome(walked(each))) for each in variants(body, added)]
    assert [glanced for glanced, _ in outcomes] == [found for _, found in outcomes]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_ordinary_ones_refer_to_nothing(body):
    assert references_in(body) is NONE


@pytest.mark.parametrize("body", [{"messages": MESSAGES}, {"messages": CHAT}, {"input": ITEMS}])
def test_thousands_of_them_take_no_step_of_the_walk(body):
    long = {name: blocks * 500 for name, blocks in body.items()}
    assert references_in(long, most=0) is NONE


def test_an_id_in_the_midst_of_thousands_is_found():
    found = references_in({"input": [*ITEMS * 500, {"type": "reasoning", "id": "rs_2"}]})
    assert [each.place for each in found.items] == ["input[3000].id"]


def test_more_than_can_be_seen_at_a_glance_are_walked():
    blocks = [{"type": "text", "status": "x"}] * (MOST_BLOCKS + 1)
    assert are_plain_blocks(blocks[1:], are_items=False)
    assert not are_plain_blocks(blocks, are_items=False)


def test_no_field_of_a_block_is_guarded():
    assert {kind_of(name) for name in BLOCK_FIELDS - PLACES} == {None, Kind.READ, Kind.TYPE}
    assert all(ITEM_FIELDS.get(folded(name), name) == name for name in BLOCK_FIELDS)
    assert ITEM_REFERENCE not in {folded(kind) for kind in BLOCK_TYPES if kind}
