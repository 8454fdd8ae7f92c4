"""What the address of the matrix asks for."""

import pytest
from django.http import QueryDict

from models_registry.access.asked import Asked, chosen_groups, chosen_models
from tests.models_registry.access.trees import ROUTER, a_holder, a_tree, ids

TREE = a_tree()
HOLDERS = (
    a_holder(TREE, "everyone", "gpt-4o"),
    a_holder(TREE, "team", "anthropic/*", pk=1),
    a_holder(TREE, "Legal", pk=2),
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["gpt-4o", "gpt-4o-mini", *ROUTER]),
        ("q=GPT", ["gpt-4o", "gpt-4o-mini"]),
        ("q=router/co", ["cohere/command"]),
        ("connection=router", list(ROUTER)),
        ("held=any", ["gpt-4o", "anthropic/opus", "anthropic/sonnet"]),
        ("held=none", ["gpt-4o-mini", "cohere/command"]),
        ("held=everyone", ["gpt-4o"]),
        ("held=1&q=opus", ["anthropic/opus"]),
        ("held=99", []),
    ],
)
def test_models_are_chosen(query, expected):
    asked = Asked.read(QueryDict(query))
    assert ids(TREE, chosen_models(asked, TREE, HOLDERS)) == expected


def test_groups_are_searched_without_everyone():
    asked = Asked.read(QueryDict("g=leg"))
    assert [each.name for each in chosen_groups(asked, HOLDERS)] == ["Legal"]
    assert len(chosen_groups(Asked(), HOLDERS)) == 2


def test_odd_values_ask_for_nothing_special():
    asked = Asked.read(QueryDict("page=x&q=%00a&open=a&open=b"))
    assert (asked.page, asked.q, asked.open) == (1, "a", {"a", "b"})
    assert Asked.read(QueryDict("page=²")).page == 1


def test_the_address_keeps_what_is_asked_and_changes_one_thing():
    asked = Asked.read(QueryDict("q=a+b&open=openai%2F&page=3"))
    assert asked.address(page=4) == "?q=a+b&page=4&open=openai%2F"
    assert asked.address(open=[]) == "?q=a+b&page=3"


def test_a_page_beyond_all_numbers_is_the_first():
    assert Asked.read(QueryDict(f"page={'9' * 5000}")).page == 1
