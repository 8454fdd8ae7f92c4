"""A chat completion as a response, as the official SDK reads it."""

import pytest
from openai.types.responses import Response

from wire_formats.chat.reasoning import ANTHROPIC, OPENAI, Thought, reasoning_fields
from wire_formats.errors import UnreadableAnswerError
from wire_formats.responses.answer_from_chat.answer import Asked, response_of
from wire_formats.responses.request_to_chat.request import chat_request
from wire_formats.responses.sealed import opened
from wire_formats.token_counts import Tokens

SIGNED = Thought(text="Hm.", signature="c2ln", format=ANTHROPIC)
TOKENS = Tokens(prompt=9, completion=2, cached=4, cache_write=1, reasoning=1)
TOOLS = [
    {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False},
    {"type": "custom", "name": "patch"},
    {"type": "local_shell"},
    {"type": "shell", "environment": {"type": "local"}},
    {"type": "apply_patch"},
    {"type": "tool_search", "execution": "client"},
    {
        "type": "namespace",
        "name": "crm",
        "description": "Customers",
        "tools": [{"type": "function", "name": "find"}],
    },
]


def asked(**body):
    body = {"model": "m", "input": "Hello", **body}
    tools = chat_request(body).tools
    return Asked(
        body=body, tools=tools, request_id="req_0a1b", response_id="resp_1", model="mine", created=1
    )


def answered(finish_reason="stop", *, logprobs=None, tokens=TOKENS, body=None, **message):
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": logprobs}
    made = response_of({"choices": [choice]}, asked(**(body or {})), tokens)
    Response.model_validate(made, strict=True)
    return made


def called(name, arguments, **body):
    call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}
    made = answered("tool_calls", tool_calls=[call], body={"tools": TOOLS} | body)
    [item] = made["output"]
    return item


def test_a_text():
    made = answered(content="Hi.")
    [message] = made["output"]
    assert (made["id"], message["id"]) == ("resp_1", "msg_gw_0a1b_0")
    assert message["content"] == [
        {"type": "output_text", "text": "Hi.", "annotations": [], "logprobs": []}
    ]
    assert (made["status"], made["model"], made["created_at"]) == ("completed", "mine", 1)
    assert made["usage"] == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 11,
    }


def test_tokens_that_nobody_counted():
    assert answered(content="Hi.", tokens=Tokens())["usage"] is None


def test_the_request_is_repeated():
    body = {"metadata": {"a": "b"}, "temperature": 0.5, "tools": TOOLS, "max_output_tokens": 5}
    made = answered(content="Hi.", body=body | {"reasoning": {"effort": "low"}})
    assert {name: made[name] for name in body} == body
    assert made["reasoning"] == {"effort": "low", "summary": None}


@pytest.mark.parametrize(
    ("reason", "status", "why"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        (None, "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_how_it_ended(reason, status, why):
    made = answered(reason, content="Hi.")
    assert (made["status"], made["incomplete_details"]) == (status, why)
    assert made["output"][0]["status"] == status


def test_a_refusal():
    [message] = answered(content=None, refusal="No.")["output"]
    assert message["content"] == [{"type": "refusal", "refusal": "No."}]


@pytest.mark.parametrize("message", [{}, {"content": ""}, {"reasoning_content": "Hm."}])
def test_an_answer_has_a_last_word(message):
    """Agents ask again and again where there is none."""
    last = answered(**message)["output"][-1]
    assert (last["type"], last["content"][0]["text"]) == ("message", "")


def test_notes_and_probabilities():
    cited = {"url": "https://example.com", "title": "E", "start_index": 0, "end_index": 2}
    token = {"token": "Hi", "logprob": -0.5, "bytes": None}
    told = {"content": [token | {"top_logprobs": [token]}]}
    notes = [{"type": "url_citation", "url_citation": cited}]
    [message] = answered(content="Hi", annotations=notes, logprobs=told)["output"]
    [part] = message["content"]
    assert part["annotations"] == [{"type": "url_citation"} | cited]
    assert part["logprobs"][0]["top_logprobs"] == [{"token": "Hi", "logprob": -0.5, "bytes": []}]


def test_reasoning_in_full_or_as_the_summary_that_was_asked_for():
    thought = {"content": "Hi.", "reasoning_content": "Hm."}
    first = answered(**thought)["output"][0]
    assert first["content"] == [{"type": "reasoning_text", "text": "Hm."}]
    first = answered(**thought, body={"reasoning": {"summary": "auto"}})["output"][0]
    assert first["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert "content" not in first


@pytest.mark.parametrize(
    "thoughts",
    [
        [SIGNED],
        [
            Thought(text="Hm.", signature="c2ln", format=ANTHROPIC),
            Thought(sealed="x", format=ANTHROPIC),
        ],
        [Thought(text="In short.", is_summary=True, sealed="gAAA", id="rs_9", format=OPENAI)],
    ],
)
def test_reasoning_is_kept_for_who_signed_it(thoughts):
    reasoning, _ = answered(content="Hi.", **reasoning_fields(thoughts))["output"]
    assert list(opened(reasoning["encrypted_content"]).thoughts) == thoughts


def test_calls_of_every_kind_of_tool():
    assert called("f", {"a": 1})["arguments"] == '{"a":1}'
    assert called("f", None)["arguments"] == "{}"
    assert called("patch", '{"input":"*** Begin"}')["input"] == "*** Begin"
    assert called("patch", "*** Begin")["input"] == "*** Begin"
    find = called("crm__find", "{}")
    assert (find["type"], find["namespace"], find["name"]) == ("function_call", "crm", "find")
    shell = called("local_shell", '{"command":["ls"],"timeout_ms":5}')
    assert shell["action"] == {"type": "exec", "command": ["ls"], "env": {}, "timeout_ms": 5}
    assert called("shell", '{"commands":["ls"]}')["action"] == {"commands": ["ls"]}
    patch = {"type": "update_file", "path": "a", "diff": "+b"}
    assert called("apply_patch", patch)["operation"] == patch
    assert called("tool_search", {"query": "x"})["arguments"] == {"query": "x"}


@pytest.mark.parametrize("name", ["local_shell", "shell", "apply_patch"])
def test_a_call_that_fits_no_item_is_that_of_a_function(name):
    item = called(name, "ls")
    assert (item["type"], item["name"], item["arguments"]) == ("function_call", name, "ls")
    assert item["id"].startswith("fc_")


def test_what_belongs_to_a_call_is_kept():
    extra = {"google": {"thought_signature": "c2ln"}}
    call = {"function": {"name": "f", "arguments": "{}"}, "extra_content": extra}
    first, held = answered("tool_calls", tool_calls=[call], body={"tools": TOOLS})["output"]
    assert first["call_id"]
    assert opened(held["encrypted_content"]).signatures == {first["call_id"]: "c2ln"}


@pytest.mark.parametrize(
    "answer", [{}, {"choices": []}, {"choices": [{"message": {"tool_calls": [{"id": "c1"}]}}]}]
)
def test_what_is_no_completion(answer):
    with pytest.raises(UnreadableAnswerError):
        response_of(answer, asked(), Tokens())


def test_thoughts_stand_where_they_stood():
    def detail(index, text, characters, calls):
        at = {"characters": characters, "calls": calls}
        kind = {"type": "reasoning.text", "format": "anthropic-claude-v1", "signature": "c2ln"}
        return kind | {"text": text, "index": index, "position": at}

    cited = {"url": "https://a.example", "title": "A", "start_index": 8, "end_index": 10}
    message = {
        "content": "I look. It rains.",
        "reasoning_details": [
            detail(0, "one", 0, 0),
            detail(1, "two", 8, 0),
            detail(2, "3", 17, 1),
        ],
        "annotations": [{"type": "url_citation", "url_citation": cited}],
        "tool_calls": [{"id": n, "function": {"name": "f", "arguments": "{}"}} for n in "ab"],
    }
    choice = {"message": message, "finish_reason": "tool_calls"}
    output = response_of({"choices": [choice]}, asked(), Tokens())["output"]
    told = [item.get("call_id") or item["content"][0]["text"] for item in output]
    assert told == ["one", "I look. ", "two", "It rains.", "a", "3", "b"]
    notes = [item["content"][0]["annotations"] for item in output if item["type"] == "message"]
    assert [len(note) for note in notes] == [0, 1]
    assert (notes[1][0]["start_index"], notes[1][0]["end_index"]) == (0, 2)
    assert len({item["id"] for item in output}) == len(output)
