"""The history of a conversation, for chats with demands of their own."""

import pytest

from wire_formats.chat.reasoning import Thought
from wire_formats.messages.carried import carried_signatures, carried_thoughts
from wire_formats.messages.chat_traits import openrouter_traits, traits_of
from wire_formats.messages.request_to_chat import chat_request

USER = {"role": "user", "content": "Hello"}
TWICE = {"role": "user", "content": "Hello\n\nHello"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Rain"}
FOREIGN = {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}
UNSIGNED = {"type": "thinking", "thinking": "Hm.", "signature": ""}
PNG = {"type": "base64", "media_type": "image/png", "data": "aW1n"}


def assistant(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


def written(*messages, model="gpt-4o", traits=None):
    body = {"model": model, "messages": list(messages)}
    payload = chat_request(body, traits or traits_of(model))
    return payload.body["messages"], payload.dropped


def ours(spelling="reasoning_content", model="m"):
    signature = carried_thoughts([Thought(text="Hm.")], spelling=spelling, model=model)
    return {"type": "thinking", "thinking": "Hm.", "signature": signature}


@pytest.mark.parametrize("block", [FOREIGN, UNSIGNED, ours(model="another")])
@pytest.mark.parametrize("model", ["deepseek-v4", "kimi-k2.6", "glm-5", "qwen3"])
def test_thoughts_of_others_reach_those_that_read_any(model, block):
    [_, message, _], dropped = written(USER, assistant(block, CALL), user(RESULT), model=model)
    assert (message["reasoning_content"], dropped) == ("Hm.", ())


def test_a_call_without_thoughts_has_a_blank_for_those_that_demand_some():
    called, answered = assistant(CALL), user(RESULT)
    [_, message, _], _ = written(USER, called, answered, model="deepseek-v4")
    assert message["reasoning_content"] == " "
    body = {"model": "deepseek-v4", "messages": [USER, called, answered]}
    body |= {"thinking": {"type": "disabled"}}
    message = chat_request(body, traits_of("deepseek-v4")).body["messages"][1]
    assert "reasoning_content" not in message


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5.2", "gemini-3-pro", "magistral-small"])
def test_thoughts_that_an_upstream_has_no_field_for_are_named(model):
    text = {"type": "text", "text": "Hi"}
    [_, message, _], dropped = written(USER, assistant(FOREIGN, text), USER, model=model)
    assert message == {"role": "assistant", "content": "Hi"}
    assert dropped == ("messages.thinking",)


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("reasoning_content", {"content": "Hi", "reasoning_content": "Hm."}),
        ("reasoning", {"content": "Hi", "reasoning": "Hm."}),
        (
            "content",
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                    {"type": "text", "text": "Hi"},
                ]
            },
        ),
    ],
)
def test_thoughts_go_back_to_the_field_that_told_them(spelling, expected):
    said = assistant(ours(spelling), {"type": "text", "text": "Hi"})
    [_, message, _], dropped = written(USER, said, USER, model="m")
    assert (message, dropped) == ({"role": "assistant", **expected}, ())


def test_thoughts_that_no_one_signed_may_be_anybodys():
    said = assistant(UNSIGNED, {"type": "text", "text": "Hi"})
    [_, message, _], _ = written(USER, said, USER, model="m")
    assert message["reasoning_content"] == "Hm."


def test_openrouter_gets_what_proves_and_seals_them():
    sealed = {"type": "redacted_thinking", "data": "c2VhbGVk"}
    traits = openrouter_traits("anthropic/claude-opus-4.5")
    [_, message, _], _ = written(
        USER, assistant(FOREIGN, sealed, CALL), user(RESULT), traits=traits
    )
    assert [detail["type"] for detail in message["reasoning_details"]] == [
        "reasoning.text",
        "reasoning.encrypted",
    ]
    assert message["reasoning_details"][0]["signature"] == "EqQB"


def test_googles_signatures_go_back_to_their_calls():
    data = carried_signatures({"toolu_1": "sig", "": "of the message"}, model="gemini-3-pro")
    carrying = {"type": "redacted_thinking", "data": data}
    [_, message, _], _ = written(
        USER, assistant(carrying, CALL), user(RESULT), model="gemini-3-pro"
    )
    told = message["tool_calls"][0]["extra_content"]["google"]["thought_signature"]
    assert told == "sig"
    assert message["extra_content"]["google"]["thought_signature"] == "of the message"


def test_calls_of_others_are_told_to_gemini_as_such():
    [_, message, _], _ = written(USER, assistant(CALL), user(RESULT), model="gemini-3-pro")
    told = message["tool_calls"][0]["extra_content"]["google"]["thought_signature"]
    assert told == "skip_thought_signature_validator"
    [_, message, _], _ = written(USER, assistant(CALL), user(RESULT))
    assert "extra_content" not in message["tool_calls"][0]


def test_neighbours_of_one_role_are_one_turn():
    said = [assistant({"type": "text", "text": text}) for text in "ab"]
    messages, _ = written(USER, user({"type": "text", "text": "There"}), *said)
    assert messages == [
        {"role": "user", "content": "Hello\n\nThere"},
        {"role": "assistant", "content": "a\n\nb"},
    ]


def test_results_of_neighbours_follow_the_calls_before_any_text():
    calls = [CALL | {"id": id_} for id_ in ("a", "b")]
    results = [RESULT | {"tool_use_id": id_} for id_ in ("a", "b")]
    text = {"type": "text", "text": "And?"}
    messages, _ = written(USER, assistant(*calls), user(results[0], text), user(results[1]))
    assert [message["role"] for message in messages[2:]] == ["tool", "tool", "user"]


def test_a_result_of_no_call_is_text():
    messages, _ = written(USER, user(RESULT))
    assert messages == [{"role": "user", "content": "Hello\n\nRain"}]


def test_a_failure_says_so():
    failed = RESULT | {"is_error": True}
    messages, _ = written(USER, assistant(CALL), user(failed))
    assert messages[-1]["content"] == "Error: Rain"
    messages, _ = written(USER, assistant(CALL), user(failed | {"content": "Error: no."}))
    assert messages[-1]["content"] == "Error: no."
    messages, _ = written(USER, assistant(CALL), user({**failed, "content": []}))
    assert messages[-1]["content"] == "Error: "


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
            '[Called web_search with {"query":"q"}]',
        ),
        (
            {
                "type": "web_search_tool_result",
                "tool_use_id": "s",
                "content": [
                    {
                        "type": "web_search_result",
                        "title": "Rain",
                        "url": "https://example.com",
                        "encrypted_content": "EqQB" * 9,
                    }
                ],
            },
            "[Result of web_search]\nRain\nhttps://example.com",
        ),
        (
            {
                "type": "bash_code_execution_tool_result",
                "content": {"type": "x", "stdout": "4", "stderr": "", "return_code": 0},
            },
            "[Result of bash_code_execution]\n4",
        ),
        ({"type": "compaction", "content": "They met.", "encrypted_content": "x"}, "They met."),
    ],
)
def test_tools_that_anthropic_ran_become_text(block, expected):
    messages, dropped = written(USER, assistant(block), USER)
    assert (messages[1]["content"], dropped) == (expected, ())


@pytest.mark.parametrize(
    "block",
    [
        {"type": "container_upload", "file_id": "f"},
        {"type": "fallback", "from": {}, "to": {}},
        {"type": "never_heard_of"},
        {"type": "mcp_tool_listing", "tools": []},
    ],
)
def test_blocks_that_say_nothing_to_another_model_are_named(block):
    messages, dropped = written(USER, assistant(block), USER)
    assert (messages, dropped) == ([TWICE], (f"messages.{block['type']}",))


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {
                "type": "search_result",
                "title": "T",
                "source": "S",
                "content": [{"type": "text", "text": "A"}],
            },
            "T\nS\nA",
        ),
        ({"type": "tool_reference", "tool_name": "f"}, "The tool f is available."),
        (
            {
                "type": "document",
                "title": "T",
                "context": "C",
                "source": {"type": "text", "data": "D"},
            },
            "T\nC\nD",
        ),
        ({"type": "document", "source": {"type": "content", "content": "D"}}, "D"),
    ],
)
def test_blocks_of_text_in_a_result(block, expected):
    messages, _ = written(USER, assistant(CALL), user(RESULT | {"content": [block]}))
    assert messages[-1]["content"] == expected


def test_a_document_by_url():
    source = {"type": "url", "url": "https://example.com/a.pdf"}
    block = {"type": "document", "title": "a.pdf", "source": source}
    messages, dropped = written(user(block))
    assert "https://example.com/a.pdf" in messages[0]["content"]
    assert dropped == ("messages.document",)
    [message], dropped = written(user(block), traits=openrouter_traits("openai/gpt-4o"))
    assert message["content"][0]["file"]["file_data"] == source["url"]
    assert dropped == ()


def test_files_of_the_account_are_said_to_be_missing():
    source = {"type": "file", "file_id": "file_1"}
    blocks = [{"type": kind, "source": source} for kind in ("image", "document")]
    [message], dropped = written(user(*blocks))
    assert "cannot be shown" in message["content"]
    assert dropped == ("messages.image", "messages.document")


def test_an_image_in_a_result_is_shown_by_the_user():
    image = {"type": "image", "source": PNG}
    messages, _ = written(USER, assistant(CALL), user(RESULT | {"content": [image]}))
    assert messages[-2] == {"role": "tool", "tool_call_id": "toolu_1", "content": ""}
    assert messages[-1]["content"][0]["type"] == "image_url"


def test_mistral_gets_its_kind_of_ids_and_a_prefix():
    messages, _ = written(
        USER,
        assistant(CALL),
        user(RESULT),
        assistant({"type": "text", "text": "It"}),
        model="mistral-large",
    )
    id_ = messages[1]["tool_calls"][0]["id"]
    assert (len(id_), messages[2]["tool_call_id"], messages[3]["prefix"]) == (9, id_, True)


def test_empty_text_and_empty_turns_are_left_out():
    empty = {"type": "text", "text": ""}
    assert written(USER, assistant(empty), user(empty)) == ([USER], ())


def test_a_system_message_in_the_middle_stays_for_as_long_as_it_holds():
    system = {"role": "system", "content": "Be brief."}
    assert written(USER, system, USER)[0] == [USER, system, USER]
    once = system | {"clear_at": "next_user_message"}
    assert written(USER, once)[0] == [USER, system]
    assert written(USER, once, USER)[0] == [TWICE]


@pytest.mark.parametrize("model", ["qwen3-coder", "mistral-large"])
def test_where_the_system_speaks_first_or_never_the_user_passes_it_on(model):
    system = {"role": "system", "content": "Be brief."}
    [message], _ = written(USER, system, model=model)
    assert message == {
        "role": "user",
        "content": "Hello\n\n<system-reminder>\nBe brief.\n</system-reminder>",
    }


def test_mistral_hears_no_user_right_after_a_tool():
    text = {"type": "text", "text": "And?"}
    messages, _ = written(USER, assistant(CALL), user(RESULT, text), model="mistral-large")
    assert messages[-1]["role"] == "tool"
    assert messages[-1]["content"] == "Rain\n\nAnd?"


def test_a_tool_that_is_added_on_the_way_is_offered():
    definition = {"name": "f", "input_schema": {}}
    tool = {"type": "tool_definition", "definition": definition}
    system = {"role": "system", "content": [{"type": "tool_addition", "tool": tool}]}
    payload = chat_request({"model": "m", "messages": [USER, system]})
    assert payload.body["tools"][0]["function"]["name"] == "f"


@pytest.mark.parametrize(
    "system",
    [
        "x-anthropic-billing-header: cc_version=2.1; cch=a1b2c;\nBe brief.",
        [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1; cch=a1b2c;"},
            {"type": "text", "text": "Be brief."},
        ],
    ],
)
def test_the_note_to_anthropics_billing_is_left_out(system):
    payload = chat_request({"model": "m", "system": system, "messages": [USER]})
    assert payload.body["messages"] == [{"role": "system", "content": "Be brief."}, USER]
    assert payload.dropped == ("system.x-anthropic-billing-header",)


def test_cache_marks_stay_where_they_are_understood():
    mark = {"cache_control": {"type": "ephemeral"}}
    text = {"type": "text", "text": "Hi", **mark}
    given = [user(text), assistant(CALL), user(RESULT | mark)]
    traits = openrouter_traits("anthropic/claude-opus-4.5")
    [said, _, told], _ = written(*given, traits=traits)
    assert said["content"] == [text]
    assert told["content"] == [{"type": "text", "text": "Rain", **mark}]
    [said, _, told], _ = written(*given)
    assert (said["content"], told["content"]) == ("Hi", "Rain")


def test_sources_that_are_not_cited_are_named():
    source = {"type": "text", "media_type": "text/plain", "data": "D"}
    document = {"type": "document", "source": source, "citations": {"enabled": True}}
    found = {"type": "search_result", "source": "s", "title": "t", "content": []}
    assert written(user(document))[1] == ("messages.document.citations",)
    assert written(user(found | {"citations": {"enabled": True}}))[1] == (
        "messages.search_result.citations",
    )
    assert written(user(document | {"citations": {"enabled": False}}))[1] == ()
