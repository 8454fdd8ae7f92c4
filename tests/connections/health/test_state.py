"""The state of a connection as one value and one sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from connections.choices import Cause
from connections.health import Kind, connection_states, state_of
from connections.health.keeping import Heard, keep_heard
from connections.models import Connection, ConnectionHealth

pytestmark = pytest.mark.django_db
NOW = timezone.now()
HOUR = timedelta(hours=1)


def a_connection(**fields: object) -> Connection:
    return Connection.objects.create(
        **{"name": "one", "base_url": "https://one.example/v1"} | fields
    )


def heard(connection: Connection, hours_ago: float = 0.0, **fields: object) -> None:
    keep_heard(connection.pk, Heard(at=NOW - hours_ago * HOUR, **fields))


def only_state():
    [state] = connection_states(now=NOW)
    return state


def test_a_new_connection_is_not_checked() -> None:
    a_connection()
    assert (only_state().kind, only_state().sentence) == (Kind.NOT_CHECKED, "not checked yet")
    assert not only_state().wants_a_person


def test_one_that_gave_a_list_works_since_it_was_last_heard() -> None:
    heard(a_connection(), 0.1, model_count=12)
    state = only_state()
    assert (state.kind, state.sentence, state.model_count) == (Kind.WORKS, "works · 6 min", 12)
    assert not state.is_stale
    assert state.consequence == ""


@pytest.mark.parametrize(
    ("cause", "kind", "words"),
    [
        (Cause.KEY_REFUSED, Kind.KEY_REFUSED, "key refused"),
        (Cause.NO_CREDENTIAL, Kind.KEY_REFUSED, "no key"),
        (Cause.PORT_REFUSED, Kind.PORT_REFUSED, "port refused"),
        (Cause.HOST_UNKNOWN, Kind.UNREACHABLE, "host unknown"),
        (Cause.TLS_FAILED, Kind.UNREACHABLE, "TLS failed"),
        (Cause.UNREACHABLE, Kind.UNREACHABLE, "unreachable"),
        (Cause.RATE_LIMITED, Kind.RATE_LIMITED, "rate limited"),
        (Cause.NO_LIST, Kind.NEVER_LISTED, "never listed models"),
        (Cause.WRONG_URL, Kind.FAILING, "wrong URL"),
        (Cause.FAILING, Kind.FAILING, "failing"),
    ],
)
def test_each_cause_is_a_kind_and_a_sentence(cause: Cause, kind: Kind, words: str) -> None:
    heard(a_connection(), 3, cause=cause, problem="The words.")
    state = only_state()
    assert (state.kind, state.sentence, state.problem) == (kind, f"{words} · 3 h", "The words.")
    assert state.wants_a_person is (kind is not Kind.RATE_LIMITED)


def test_models_of_an_earlier_list_are_stale_while_the_upstream_fails() -> None:
    row = a_connection()
    heard(row, 5, model_count=3)
    heard(row, 2, cause=Cause.KEY_REFUSED)
    heard(row, 1, cause=Cause.KEY_REFUSED)
    state = only_state()
    assert state.is_stale
    assert (state.sentence, state.model_count) == ("key refused · 2 h", 3)
    assert state.last_success == NOW - 5 * HOUR
    assert state.consequence == "The models of its last list are still offered."


def test_one_that_never_listed_is_not_said_to_offer_what_it_listed() -> None:
    heard(a_connection(), 1, cause=Cause.PORT_REFUSED)
    state = only_state()
    assert not state.is_stale
    assert state.consequence == "It has never given a list of models, so it offers none."


def test_a_missing_list_is_no_failure_where_models_are_entered() -> None:
    heard(a_connection(model_ids=["a", "b"]), 1, cause=Cause.NO_LIST)
    assert (only_state().kind, only_state().model_count) == (Kind.WORKS, 2)


def test_a_list_that_is_gone_is_told_from_one_that_never_was() -> None:
    row = a_connection()
    heard(row, 2, model_count=1)
    heard(row, 1, cause=Cause.NO_LIST)
    assert (only_state().kind, only_state().label) == (Kind.FAILING, "no list any more")


def test_a_disabled_one_is_disabled_whatever_it_said() -> None:
    heard(a_connection(is_enabled=False), 1, cause=Cause.KEY_REFUSED)
    assert (only_state().kind, only_state().sentence) == (Kind.DISABLED, "disabled")


def test_what_needs_its_callers_credential_cannot_be_checked() -> None:
    heard(a_connection(auth_type="session"), 1, cause=Cause.NO_CREDENTIAL)
    assert only_state().kind is Kind.NOT_CHECKED


def test_all_states_take_one_query(django_assert_num_queries) -> None:
    for number in range(5):
        heard(a_connection(name=f"c{number}"), 1, model_count=number)
    with django_assert_num_queries(1):
        assert [state.model_count for state in connection_states()] == [0, 1, 2, 3, 4]


def test_another_upstream_is_not_known_by_the_one_before() -> None:
    row = a_connection()
    heard(row, 1, model_count=4)
    row.base_url = "https://other.example/v1"
    row.save()
    assert not ConnectionHealth.objects.exists()
    assert state_of(Connection.objects.get()).kind is Kind.NOT_CHECKED
