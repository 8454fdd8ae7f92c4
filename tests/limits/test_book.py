from __future__ import annotations

from uuid import UUID

import pytest

from limits.book import EMPTY, MOST_KNOWN, Book
from limits.choices import Share, SubjectKind
from limits.rule import Rule
from tests.limits.rules import a_rule
from tests.support.builders import a_caller

CHAT = "chat/completions"
KEY = UUID(int=7)


def shares(book: Book, model: str = "gpt-4o", endpoint: str = CHAT, **caller: object) -> list[str]:
    found = book.meters_for(a_caller(**caller), model, endpoint)
    return [f"{matched.rule.id}:{matched.share}" for matched in found]


def test_a_book_without_limits_is_empty() -> None:
    assert EMPTY.is_empty
    assert not Book([a_rule()]).is_empty


@pytest.mark.parametrize(
    ("kind", "subject", "matches"),
    [
        (SubjectKind.EVERYONE, "", True),
        (SubjectKind.USER, "7", True),
        (SubjectKind.USER, "8", False),
        (SubjectKind.GROUP, "3", True),
        (SubjectKind.GROUP, "4", False),
        (SubjectKind.KEY, KEY.hex, True),
        (SubjectKind.KEY, UUID(int=8).hex, False),
        (SubjectKind.CONNECTION, "7", False),
        (SubjectKind.CONNECTION_KEY, "7", False),
    ],
)
def test_a_limit_holds_for_its_subject(kind: SubjectKind, subject: str, matches: bool) -> None:
    book = Book([a_rule(subject_kind=kind, subject_id=subject)])
    found = shares(book, user_id=7, key_id=KEY, group_ids=frozenset({3}))
    assert bool(found) is matches


@pytest.mark.parametrize(
    ("share", "name"),
    [(Share.POOL, ""), (Share.EACH_USER, "u7"), (Share.EACH_KEY, f"k{KEY.hex}")],
)
def test_a_share_is_named_by_who_has_it(share: Share, name: str) -> None:
    assert shares(Book([a_rule(share=share)]), user_id=7, key_id=KEY) == [f"1:{name}"]


def test_a_limit_holds_for_the_models_and_endpoints_that_its_patterns_fit() -> None:
    book = Book([a_rule(models=("gpt-*", "o3"), endpoints=("chat/*", "audio/speech"))])
    assert shares(book, "gpt-4o", CHAT)
    assert shares(book, "o3", "audio/speech")
    assert not shares(book, "claude", CHAT)
    assert not shares(book, "gpt-4o", "embeddings")


def test_another_name_of_a_model_leads_around_no_limit() -> None:
    book = Book([a_rule(models=("gpt-4o",))])
    caller = a_caller()
    assert not book.meters_for(caller, "one/gpt-4o", CHAT)
    assert len(book.meters_for(caller, "one/gpt-4o", CHAT, ("gpt-4o", "one/gpt-4o"))) == 1


def test_all_limits_of_a_caller_hold_at_once() -> None:
    rules = [
        a_rule(id=1),
        a_rule(id=2, subject_kind=SubjectKind.USER, subject_id="7"),
        a_rule(id=3, subject_kind=SubjectKind.GROUP, subject_id="3"),
    ]
    found = shares(Book(rules), user_id=7, group_ids=frozenset({3, 4}))
    assert sorted(found) == ["1:", "2:", "3:"]


def test_limits_of_connections_hold_for_what_is_sent_to_them() -> None:
    rules: list[Rule] = [
        a_rule(id=1, subject_kind=SubjectKind.CONNECTION, subject_id="5"),
        a_rule(id=2, subject_kind=SubjectKind.CONNECTION_KEY, subject_id="a-key"),
        a_rule(id=3),
    ]
    book = Book(rules)
    assert book.limits_upstreams

    def ids(connection: int, key: str | None) -> list[int]:
        found = book.upstream_rules(connection, key, "gpt-4o", CHAT)
        return [matched.rule.id for matched in found]

    assert ids(5, "a-key") == [1, 2]
    assert ids(5, None) == [1]
    assert ids(6, "a-key") == [2]
    assert ids(6, "another") == []
    assert Book(rules[:2]).is_empty  # for callers


def test_the_memory_of_a_book_is_bounded() -> None:
    book = Book([a_rule()])
    for number in range(MOST_KNOWN + 5):
        assert shares(book, f"model-{number}") == ["1:"]
    assert book.remembered <= MOST_KNOWN
