"""What makes JSON costly, counted before it is parsed."""

import threading

import pytest

from wire_formats.json_cost import (
    LONG_BYTES,
    SURELY_SIMPLE_BYTES,
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
