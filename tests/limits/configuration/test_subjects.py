from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from accounts.models import ApiKey, User
from connections.models import Connection
from connections.models.key_source import KeySource
from limits.choices import SubjectKind
from limits.configuration.subjects import Subject, UnknownSubjectError, name_of, names_of, share_of
from limits.models import Limit

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    connection = Connection.objects.create(name="one", base_url="https://one.example/v1")
    connection.replace_keys([KeySource.parse("env:ONE"), KeySource.parse("sk-secret-of-wxyz")])
    return connection


def test_each_kind_of_row_is_found_by_the_name_that_it_is_written_with(
    connection: Connection,
) -> None:
    ada = User.objects.create_user("ada")
    key, _ = ApiKey.objects.issue(ada)
    rows = {
        "group": Group.objects.create(name="team"),
        "user": ada,
        "key": key,
        "connection": connection,
        "connection_key": connection.keys.get(environment_variable="ONE"),
    }
    for kind, row in rows.items():
        subject = Subject(SubjectKind(kind), name_of(row))
        limit = Limit(label="x", metric="requests", amount=1, window="day", **subject.columns())
        assert getattr(limit, kind) == row
        assert Subject.of(limit) == subject
        assert Subject.parse(str(subject)) == subject
        limit.full_clean()


def test_a_key_of_a_connection_is_named_by_what_may_be_shown_of_it(connection: Connection) -> None:
    assert sorted(map(name_of, connection.keys.all())) == ["one/env:ONE", "one/…wxyz"]


def test_keys_that_look_alike_are_named_by_their_ids(connection: Connection) -> None:
    connection.replace_keys([KeySource.parse(f"sk-secret-{n}-wxyz") for n in range(2)])
    for row in connection.keys.all():
        assert name_of(row) == f"one/{row.pk}"
        assert Subject(SubjectKind.CONNECTION_KEY, name_of(row)).columns()["connection_key"] == row
    with pytest.raises(UnknownSubjectError, match="several keys"):
        Subject(SubjectKind.CONNECTION_KEY, "one/…wxyz").columns()


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("group:g", "there is no group named g"),
        ("user:u", "there is no user named u"),
        ("key:nonsense", "there is no API key with the id nonsense"),
        ("connection:c", "there is no connection named c"),
        ("connection_key:c/k", "there is no key c/k"),
    ],
)
def test_an_unknown_name_is_told(subject: str, words: str) -> None:
    with pytest.raises(UnknownSubjectError, match=words):
        Subject.parse(subject).columns()


@pytest.mark.parametrize("text", ["", "group", "everyone:all", "team:x"])
def test_what_names_no_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be everyone, or one of group:NAME"):
        Subject.parse(text)


def test_shares_have_names_both_ways_with_one_query(django_assert_num_queries) -> None:
    ada = User.objects.create_user("ada")
    key, _ = ApiKey.objects.issue(ada)
    shares = {f"u{ada.pk}": "user:ada", f"k{key.pk.hex}": f"key:{key.pk}", "": ""}
    assert {share_of(name): name for name in shares.values()} == shares
    with django_assert_num_queries(1):
        assert names_of([*shares, "u999"]) == shares | {"u999": "user:999"}


@pytest.mark.parametrize("text", ["ada", "user:", "group:team"])
def test_a_share_is_of_a_user_or_a_key(text: str) -> None:
    with pytest.raises(ValueError, match="must be user:NAME or key:ID"):
        share_of(text)
