"""The tools of a Responses request as the functions of a chat."""

import pytest
from openai.types.chat import ChatCompletionFunctionToolParam
from pydantic import TypeAdapter

from wire_formats.errors import UnsendableError
from wire_formats.responses.request_to_chat.tools import (
    LONGEST_NAME,
    Tool,
    Tools,
    check_missing,
    function_name,
    tool_choice,
)

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
PATCH = {"type": "custom", "name": "patch", "description": "Patches.", "format": GRAMMAR}
NAMESPACE = {
    "type": "namespace",
    "name": "crm",
    "description": "Customers",
    "tools": [{"type": "function", "name": "find"}, {"type": "custom", "name": "note"}],
}
CLIENT_RUN = [
    {"type": "local_shell"},
    {"type": "shell", "environment": {"type": "local"}},
    {"type": "apply_patch"},
    {"type": "tool_search", "execution": "client"},
]


def tools_of(*tools):
    known = Tools()
    known.add(tools, "tools")
    for function in known.functions:
        TypeAdapter(ChatCompletionFunctionToolParam).validate_python(function, strict=True)
    return known


def names(functions):
    return [each["function"]["name"] for each in functions]


def test_a_function():
    [function] = tools_of(FUNCTION).functions
    assert function["function"] == {"name": "f", "parameters": {"type": "object"}, "strict": True}


def test_a_function_without_parameters_takes_none():
    bare = {"type": "function", "name": "f", "parameters": None, "strict": False}
    [function] = tools_of(bare).functions
    assert function["function"]["parameters"] == {"type": "object", "properties": {}}
    assert "strict" not in function["function"]


def test_a_function_in_a_chats_own_form():
    [function] = tools_of({"type": "function", "function": {"name": "f"}}).functions
    assert function["function"]["name"] == "f"


def test_a_custom_tool_is_a_function_with_one_string():
    [function] = tools_of(PATCH).functions
    assert list(function["function"]["parameters"]["properties"]) == ["input"]
    assert "Patches." in function["function"]["description"]
    assert GRAMMAR["definition"] in function["function"]["description"]


def test_a_namespace_stands_before_the_names_of_its_tools():
    known = tools_of(NAMESPACE)
    assert names(known.functions) == ["crm__find", "crm__note"]
    assert known.kind_of("crm__find") == Tool(kind="function", name="find", namespace="crm")
    assert known.kind_of("crm__note").kind == "custom"


def test_a_long_name_is_cut_and_stays_apart_from_others():
    first, second = (Tool(kind="function", name="n" * 70 + end, namespace="s") for end in "ab")
    assert len(function_name(first)) == LONGEST_NAME
    assert function_name(first) != function_name(second)


def test_tools_that_the_client_runs():
    known = tools_of(*CLIENT_RUN)
    assert names(known.functions) == ["local_shell", "shell", "apply_patch", "tool_search"]
    assert not known.missing


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "web_search"},
        {"type": "mcp", "server_label": "x"},
        {"type": "shell", "environment": {"type": "container_auto"}},
        {"type": "tool_search"},
    ],
)
def test_built_in_tools_are_missing(tool):
    known = tools_of(FUNCTION, tool)
    assert names(known.functions) == ["f"]
    assert known.missing == {"tools.1": tool["type"]}
    check_missing(known)


def test_a_request_with_nothing_but_built_in_tools_is_refused():
    with pytest.raises(UnsendableError, match="no built-in tool `web_search`") as caught:
        check_missing(tools_of({"type": "web_search"}))
    assert caught.value.param == "tools.0"


@pytest.mark.parametrize("tool", [{}, "f", {"type": "function"}, {"type": "custom", "name": ""}])
def test_a_tool_without_a_name(tool):
    with pytest.raises(UnsendableError) as caught:
        tools_of(FUNCTION, tool)
    assert caught.value.param == "tools.1"


@pytest.mark.parametrize("choice", ["auto", "none", "required"])
def test_a_choice_in_a_word(choice):
    known = tools_of(FUNCTION)
    assert tool_choice(choice, known) == (choice, known.functions)


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ({"type": "function", "name": "f"}, "f"),
        ({"type": "custom", "name": "patch"}, "patch"),
        ({"type": "shell"}, "shell"),
        ({"type": "function", "name": "find"}, "crm__find"),
    ],
)
def test_a_choice_of_one_tool(choice, name):
    known = tools_of(FUNCTION, PATCH, NAMESPACE, *CLIENT_RUN)
    chosen, _ = tool_choice(choice, known)
    assert chosen == {"type": "function", "function": {"name": name}}


def test_allowed_tools_are_the_only_ones_offered():
    known = tools_of(FUNCTION, PATCH, NAMESPACE)
    allowed = [{"type": "custom", "name": "patch"}, {"type": "web_search"}]
    choice = {"type": "allowed_tools", "mode": "required", "tools": allowed}
    chosen, functions = tool_choice(choice, known)
    assert (chosen, names(functions)) == ("required", ["patch"])


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "web_search"},
        {"type": "function", "name": "g"},
        {"type": "allowed_tools", "tools": [{"type": "web_search"}]},
        "maybe",
        ["auto"],
    ],
)
def test_a_choice_of_what_is_not_there(choice):
    with pytest.raises(UnsendableError) as caught:
        tool_choice(choice, tools_of(FUNCTION))
    assert caught.value.param.startswith("tool_choice")
