"""Calls of tools in the messages of a chat, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson

from wire_formats.json_cost import Budget
from wire_formats.json_numbers import encoded_answer, read_json, write_json
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list, as_object, as_text

NO_RESULT = "This call has no result."
INPUT = "input"  # the one argument of a custom tool where there are functions alone
DEEPEST = 200  # no text with fewer brackets is nested too deeply to be written
LEVELS_AROUND = 12  # in which a request holds the arguments of a call


def arguments_text(arguments: Any) -> str:
    """An upstream's ``arguments`` as the text they should be; some give an object, or nothing."""
    if isinstance(arguments, str):
        return arguments
    return encoded_answer(arguments).decode() if isinstance(arguments, dict) else ""


def arguments_object(arguments: Any, budget: Budget | None = None) -> tuple[JsonObject, bool]:
    """A client's ``arguments`` as an object, and whether they are one.

    They are a model's own words, which may be broken, and must not break all that follows. Nor may
    many of them cost more than the one ``budget`` of their request, or be nested too deeply.
    """
    if isinstance(arguments, str):
        with suppress(orjson.JSONDecodeError, UnicodeEncodeError):
            arguments = _read(arguments.encode(), budget) if arguments.strip() else {}
    if isinstance(arguments, dict):
        return arguments, True
    return ({}, True) if arguments is None else ({"arguments": arguments}, False)


def _read(text: bytes, budget: Budget | None) -> Any:
    """The value in ``text``. Raises ``orjson.JSONDecodeError``, also for what costs too much."""
    if budget is not None:
        budget.take(text)
    value = read_json(text)
    if text.count(b"[") + text.count(b"{") > DEEPEST:
        for _ in range(LEVELS_AROUND):
            value = [value]
        try:
            write_json(value)
        except TypeError as exc:  # orjson reads 1024 levels and writes 254
            raise orjson.JSONDecodeError("it is nested too deeply", "", 0) from exc
        for _ in range(LEVELS_AROUND):
            value = value[0]
    return value


def calls_in(message: JsonObject) -> Iterator[Any]:
    """``tool_calls`` of an assistant's message and the older ``function_call``, as they are."""
    yield from as_list(message.get("tool_calls"))
    if legacy := message.get("function_call"):
        yield legacy


def called_with(call: Any) -> tuple[str, Any] | None:
    """The name of the tool that ``call`` is of and its arguments; None if it is no call.

    A custom tool, which takes text, is one with a single argument, ``input``.
    """
    match call:
        case {"function": {"name": str(name), **function}}:
            return name, function.get("arguments")
        case {"custom": {"name": str(name), **custom}}:
            return name, {INPUT: custom.get("input") or ""}
        case {"name": str(name)}:
            return name, call.get("arguments")
    return None


def grammar_note(form: Any) -> str:
    """What the ``format`` of a custom tool asks of its text, in words; empty for any text.

    A chat has the grammar in an object of its own, a response has it flat.
    """
    held = as_object(form)
    grammar = as_object(held.get("grammar")) or held
    definition = grammar.get("definition")
    if held.get("type") != "grammar" or not isinstance(definition, str):
        return ""
    syntax = as_text(grammar.get("syntax")) or "lark"
    return f"`{INPUT}` must match this {syntax[:20]} grammar:\n{definition}"
