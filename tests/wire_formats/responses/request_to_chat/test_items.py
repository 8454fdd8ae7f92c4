"""The items of a Responses input as the messages of a chat."""

import json

import pytest

from wire_formats.chat.reasoning import ANTHROPIC, Thought
from wire_formats.errors import UnsendableError
from wire_formats.responses.request_to_chat.items import NO_RESULT, ItemReader
from wire_formats.responses.sealed import sealed

USER = {"role": "user", "content": "Hello"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "Rain"}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,aW1n", "detail": "auto"}
SIGNED = Thought(text="Hm.", signature="c2lnbmVk", format=ANTHROPIC)
REASONING = {"type": "reasoning", "id": "rs_1", "summary": []}


def read(*items):
    reader = ItemReader(list(items))
    reader.read()
    return reader.messages, reader.dropped


def messages(*items):
    return read(*items)[0]


def said(text):
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": content}


def test_messages_with_and_without_a_type():
    parts = [{"type": "input_text", "text": "Look:"}, IMAGE]
    assert messages(USER, {"type": "message", "role": "user", "content": parts}) == [
        USER,
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look:"},
                {"type": "image_url", "image_url": {"url": IMAGE["image_url"]}},
            ],
        },
    ]


def test_developers_are_the_system():
    assert messages({"role": "developer", "content": "Be kind."}) == [
        {"role": "system", "content": "Be kind."}
    ]


def test_parallel_calls_are_one_message_and_their_results_follow_it():
    other = CALL | {"call_id": "c2", "name": "g"}
    items = [said("Let me look."), CALL, other, USER, RESULT | {"call_id": "c2"}, RESULT]
    called, first, second, asked = messages(*items)
    assert called["content"] == "Let me look."
    assert [call["id"] for call in called["tool_calls"]] == ["c1", "c2"]
    assert (first["tool_call_id"], second["tool_call_id"]) == ("c1", "c2")
    assert asked == USER


def test_calls_by_turns_with_their_results():
    other = CALL | {"call_id": "c2"}
    roles = [m["role"] for m in messages(CALL, RESULT, other, RESULT | {"call_id": "c2"})]
    assert roles == ["assistant", "tool", "assistant", "tool"]


def test_reasoning_belongs_to_the_message_behind_it():
    reasoning = REASONING | {"encrypted_content": sealed([SIGNED])}
    called, _ = messages(reasoning, CALL, RESULT)
    assert called["thinking_blocks"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"}
    ]


def test_what_belongs_to_a_call_comes_back_to_it():
    extra = {"google": {"thought_signature": "c2ln"}}
    held = REASONING | {"encrypted_content": sealed([], {"c1": "c2ln", "": "c2ln"})}
    called, _ = messages(CALL, held, RESULT)
    assert called["tool_calls"][0]["extra_content"] == extra
    assert called["extra_content"] == extra


def test_reasoning_of_another_provider_is_left_out_and_named():
    [message], dropped = read(REASONING | {"encrypted_content": "gAAAA"}, said("Hi."))
    assert message == {"role": "assistant", "content": "Hi."}
    assert dropped == ["input.0"]


def test_reasoning_in_the_open_is_kept():
    open_ = REASONING | {"content": [{"type": "reasoning_text", "text": "Hm."}]}
    [message] = messages(open_, said("Hi."))
    assert message["reasoning_content"] == "Hm."


def test_images_in_a_result_follow_it():
    output = [{"type": "input_text", "text": "Seen:"}, IMAGE]
    _, result, shown = messages(CALL, RESULT | {"output": output})
    assert result["content"] == "Seen:"
    assert shown["role"] == "user"
    assert [part["type"] for part in shown["content"]] == ["image_url"]


def test_custom_tools_and_namespaces():
    custom = {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": "*** Begin"}
    named = CALL | {"call_id": "c2", "namespace": "crm"}
    result = {"type": "custom_tool_call_output", "call_id": "c1", "output": "Done"}
    called, first, _ = messages(custom, named, result, RESULT | {"call_id": "c2"})
    assert [call["function"]["name"] for call in called["tool_calls"]] == ["patch", "crm__f"]
    assert json.loads(called["tool_calls"][0]["function"]["arguments"]) == {"input": "*** Begin"}
    assert first["content"] == "Done"


def test_calls_of_tools_that_the_client_runs():
    action = {"type": "exec", "command": ["ls"], "env": {}}
    local = {"type": "local_shell_call", "id": "lsh_1", "call_id": "c1", "action": action}
    ended = {"type": "local_shell_call_output", "id": "c1", "output": '{"output":"a"}'}
    shell = {"type": "shell_call", "call_id": "c2", "action": {"commands": ["ls"]}}
    output = [{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]
    ran = {"type": "shell_call_output", "call_id": "c2", "output": output}
    operation = {"type": "delete_file", "path": "a"}
    patch = {"type": "apply_patch_call", "call_id": "c3", "operation": operation}
    patched = {"type": "apply_patch_call_output", "call_id": "c3", "status": "failed"}
    patched |= {"output": "No such file"}
    called, *results = messages(local, shell, patch, ended, ran, patched)
    functions = [call["function"] for call in called["tool_calls"]]
    assert [json.loads(each["arguments"]) for each in functions] == [
        {"command": ["ls"]},
        {"commands": ["ls"]},
        operation,
    ]
    assert [each["content"] for each in results[::2]] == ['{"output":"a"}', "failed\nNo such file"]
    assert json.loads(results[1]["content"]) == output


def test_arguments_that_are_an_object_or_missing():
    given = [CALL | {"arguments": {"a": 1}}, CALL | {"call_id": "c2", "arguments": None}]
    called = messages(*given)[0]
    assert [c["function"]["arguments"] for c in called["tool_calls"]] == ['{"a":1}', "{}"]


def test_turns_whose_calls_have_the_same_ids():
    items = [CALL, RESULT, said("Rain."), USER, CALL, RESULT | {"output": "Sun"}]
    found, dropped = read(*items)
    assert [m["content"] for m in found if m["role"] == "tool"] == ["Rain", "Sun"]
    assert dropped == []


def test_a_result_is_of_the_last_call_with_its_id():
    found, dropped = read(CALL, USER, CALL, RESULT)
    assert [m["content"] for m in found if m["role"] == "tool"] == [NO_RESULT, "Rain"]
    assert dropped == ["input.0"]


def test_a_call_without_a_result_gets_one():
    found, dropped = read(CALL, USER)
    assert [(m["role"], m["content"]) for m in found[1:]] == [
        ("tool", NO_RESULT),
        ("user", "Hello"),
    ]
    assert dropped == ["input.0"]


def test_a_result_without_a_call_is_told_in_words():
    [message], dropped = read(RESULT)
    assert message["role"] == "user"
    assert "Rain" in message["content"]
    assert dropped == ["input.0"]


def test_history_of_built_in_tools_is_told_or_left_out():
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    mcp = {"type": "mcp_call", "id": "mcp_1", "name": "find", "arguments": "{}", "output": "Ann"}
    [_, message], dropped = read(USER, search, mcp, said("It is Ann."))
    assert "Ann" in message["content"]
    assert message["content"].endswith("It is Ann.")
    assert dropped == ["input.1"]


def test_a_part_that_no_chat_has():
    odd = {"role": "user", "content": [{"type": "input_image", "file_id": "file-1"}]}
    with pytest.raises(UnsendableError) as caught:
        messages(odd)
    assert caught.value.param == "input.0.content.0"
    found, dropped = read(odd, said("A cat."), USER)
    assert [message["role"] for message in found] == ["assistant", "user"]
    assert dropped == ["input.0.content.0"]


@pytest.mark.parametrize(
    ("item", "place"),
    [
        ({"type": "item_reference", "id": "msg_1"}, "input.0.id"),
        ({"id": "msg_1"}, "input.0.id"),
        ({"role": "judge", "content": "Hm."}, "input.0.role"),
        ({"role": "user", "content": {"text": "Hm."}}, "input.0.content"),
        ("Hello", "input.0"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_its_place(item, place):
    with pytest.raises(UnsendableError) as caught:
        messages(item)
    assert caught.value.param == place
