"""The history of a conversation, for chats with demands of their own."""

import pytest

from wire_formats.families import family_of
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits, traits_of
from wire_formats.messages.request_to_chat.request import chat_request

USER = {"role": "user", "content": "Hello"}
TWICE = {"role": "user", "content": "Hello\n\nHello"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Rain"}
PNG = {"type": "base64", "media_type": "image/png", "data": "aW1n"}


def assistant(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


def written(*messages, model="gpt-4o", traits=None):
    body = {"model": model, "messages": list(messages)}
    payload = chat_request(body, traits or traits_of(family_of(model)))
    return payload.body["messages"], payload.dropped


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


def test_a_tool_that_is_added_on_the_way_is_offered():
    definition = {"name": "f", "input_schema": {}}
    tool = {"type": "tool_definition", "definition": definition}
    system = {"role": "system", "content": [{"type": "tool_addition", "tool": tool}]}
    payload = chat_request({"model": "m", "messages": [USER, system]})
    assert payload.body["tools"][0]["function"]["name"] == "f"


def test_cache_marks_stay_where_they_are_understood():
    mark = {"cache_control": {"type": "ephemeral"}}
    text = {"type": "text", "text": "Hi", **mark}
    given = [user(text), assistant(CALL), user(RESULT | mark)]
    traits = openrouter_traits(family_of("anthropic/claude-opus-4.5"))
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
