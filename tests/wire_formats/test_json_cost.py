"""What makes JSON costly, counted before it is parsed."""

import json
import threading
from collections import deque

import pytest

from wire_formats.json_cost import (
    EXACT_PIECE_BYTES,
    LONG_BYTES,
    SURELY_SIMPLE_BYTES,
    Budget,
    ExactCount,
    TooComplexError,
    check_structure,
    read_aside,
    weight_of,
)
from wire_formats.json_numbers import load_json, read_json

LEAST_SETTING = 256 * 1024


def test_weights_follow_what_parsing_costs():
    assert weight_of(b"[1,2]") == 3 + 1
    assert weight_of(b'{"a":1}') == 3 + 4
    assert weight_of(b'"\\n\\n\\n\\n"') == 1
    assert weight_of(b'"' + b"x" * 1000 + b'"') == 0


def test_no_short_text_weighs_more_than_the_least_setting():
    assert max(weight_of(each * SURELY_SIMPLE_BYTES) for each in (b"[", b"{", b":", b",")) <= (
        LEAST_SETTING
    )


@pytest.mark.parametrize("read", [read_json, load_json])
def test_a_text_with_too_many_values_is_not_parsed(settings, read):
    settings.GATEWAY_MAX_JSON_STRUCTURE = LEAST_SETTING
    with pytest.raises(TooComplexError):
        read(b"[" + b"[]," * LEAST_SETTING + b"no JSON at all")


def test_the_setting_decides(settings):
    text = b"[" + b"1," * 400_000 + b"1]"
    settings.GATEWAY_MAX_JSON_STRUCTURE = 400_003
    check_structure(text)
    settings.GATEWAY_MAX_JSON_STRUCTURE = 400_002
    with pytest.raises(TooComplexError):
        check_structure(text)


def test_numbers_of_an_upstream_count_for_less(settings):
    settings.GATEWAY_MAX_JSON_STRUCTURE = LEAST_SETTING
    text = b"[" + b"0.5," * LEAST_SETTING + b"1]"
    assert len(load_json(text)) == LEAST_SETTING + 1
    with pytest.raises(TooComplexError):
        read_json(text)


def test_strings_of_an_upstream_count_in_full(settings):
    settings.GATEWAY_MAX_JSON_STRUCTURE = LEAST_SETTING
    with pytest.raises(TooComplexError):
        load_json(b"[" + b'"x",' * (LEAST_SETTING + 1) + b"1]")


@pytest.mark.parametrize("size", [2, LONG_BYTES])
async def test_only_long_texts_are_read_in_a_thread(size):
    reader = await read_aside(lambda _: threading.get_ident(), b" " * size)
    assert (reader == threading.get_ident()) == (size < LONG_BYTES)


TABLE = "\n".join(f'{number},[x],{{"y":"{number}\\\\"}}' for number in range(200_000))


@pytest.mark.parametrize("text", [TABLE, json.dumps([TABLE])])
def test_what_is_within_a_string_is_no_structure(settings, text):
    settings.GATEWAY_MAX_JSON_STRUCTURE = 2_000_000
    prompt = json.dumps({"content": text}).encode()
    assert weight_of(prompt) > 2_000_000
    assert read_json(prompt) == {"content": text}


@pytest.mark.parametrize(
    "within",
    [b'"%b"', b'"%b\\\\"', b'"\\\\\\"%b\\""'],
    ids=["plain", "a backslash at its end", "escaped quotes"],
)
@pytest.mark.parametrize("shift", range(3))
def test_strings_are_told_apart_wherever_a_piece_ends(within, shift):
    filling = b"," * (EXACT_PIECE_BYTES - 8 + shift)
    text = b"[" + b",".join([within % filling] * 3) + b"]"
    json.loads(text)
    count = ExactCount(3 + 2 + text.count(b"\\"))
    count.add(text)
    for position in range(len(text) - 1, len(text) - 20, -1):
        halves = ExactCount(3 + 2 + text.count(b"\\"))
        halves.add(text[:position])
        halves.add(text[position:])


@pytest.mark.parametrize(
    "text",
    [
        b'["a\\\\",' + b"[]," * LEAST_SETTING,
        b'["a\\"",' + b"[]," * LEAST_SETTING,
        b"[" + b'"[",' * (LEAST_SETTING + 1),
        b'["' + b'\\"' * LEAST_SETTING * 5,
    ],
    ids=["behind a string", "behind a quote", "between strings", "escapes"],
)
def test_what_is_outside_of_strings_counts(settings, text):
    settings.GATEWAY_MAX_JSON_STRUCTURE = LEAST_SETTING
    with pytest.raises(TooComplexError):
        check_structure(text)


@pytest.mark.parametrize("begin", [b'["', b"[" + b"1," * (LEAST_SETTING - 3) + b'"'])
def test_a_string_that_is_never_closed_holds_nothing_but_itself(settings, begin):
    settings.GATEWAY_MAX_JSON_STRUCTURE = LEAST_SETTING
    check_structure(begin + b"[]," * LEAST_SETTING)
    with pytest.raises(TooComplexError):
        check_structure(begin[:-1] + b"[]," * LEAST_SETTING)


def test_counting_ends_where_a_parser_would():
    count = ExactCount(10)
    count.add(b'"' * EXACT_PIECE_BYTES * 2 + b"[]" * 1000)


def test_a_budget_is_for_all_texts_together():
    budget = Budget()
    text = b"[" + b"[]," * 100_000 + b"[]]"
    with pytest.raises(TooComplexError):
        deque(map(budget.take, [text] * 99), maxlen=0)


def test_words_within_strings_cost_a_budget_little():
    budget = Budget()
    for _ in range(50):
        budget.take(b'{"code": "' + b"a[b, c: d]," * 100_000 + b'"}')
