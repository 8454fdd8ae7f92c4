"""The plain parameters of a Responses request in the words of a chat."""

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.responses.request_to_chat.options import (
    add_translated_options,
    left_out,
    same_options,
)


@pytest.mark.parametrize("limit", [0, -1, "7", True])
def test_a_limit_is_refused_under_the_clients_name_of_it(limit):
    with pytest.raises(UnsendableError) as caught:
        add_translated_options({}, {"max_output_tokens": limit})
    assert caught.value.param == "max_output_tokens"
    assert "`max_output_tokens`" in caught.value.message


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"reasoning": {"mode": "pro", "context": None, "effort": "low"}}, ["reasoning.mode"]),
        ({"reasoning": {"summary": "auto"}, "text": {"verbosity": "low"}}, []),
        ({"text": {"brand_new": 7}}, ["text.brand_new"]),
        ({"store": True, "max_tool_calls": 3}, ["max_tool_calls"]),
        ({"background": False, "truncation": "disabled", "prompt": None}, []),
    ],
)
def test_what_a_chat_has_no_place_for_is_named(body, names):
    assert list(left_out(body)) == names


def test_parameters_of_the_same_name():
    body = {"model": "m", "top_p": 0.5, "user": None, "service_tier": "auto"}
    assert same_options(body) == {"model": "m", "top_p": 0.5}
