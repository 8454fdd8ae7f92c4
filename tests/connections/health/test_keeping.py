"""What is heard of connections is kept once, the newest and the closest of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from connections.choices import Cause
from connections.health.keeping import INSPECTED_AGAIN, Heard, claim_inspection, keep_heard
from connections.models import Connection, ConnectionHealth

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SECOND = timedelta(seconds=1)


@pytest.fixture
def pk() -> int:
    return Connection.objects.create(name="one", base_url="https://one.example/v1").pk


def kept() -> ConnectionHealth:
    return ConnectionHealth.objects.get()


def test_a_rough_cause_does_not_hide_the_closer_one_that_says_the_same(pk: int) -> None:
    close = Heard(at=NOW, cause=Cause.PORT_REFUSED, problem="Port 9 is refused.", is_close=True)
    keep_heard(pk, close)
    keep_heard(pk, Heard(at=NOW + SECOND, cause=Cause.UNREACHABLE, problem="It is away."))
    assert (kept().cause, kept().problem) == (Cause.PORT_REFUSED, "Port 9 is refused.")
    keep_heard(pk, Heard(at=NOW + 2 * SECOND, cause=Cause.KEY_REFUSED, problem="401"))
    assert (kept().cause, kept().failing_since) == (Cause.KEY_REFUSED, NOW)


def test_a_success_ends_a_failure(pk: int) -> None:
    keep_heard(pk, Heard(at=NOW, cause=Cause.FAILING, problem="500"))
    keep_heard(pk, Heard(at=NOW + SECOND, model_count=2))
    row = kept()
    assert (row.failing_since, row.cause, row.problem) == (None, "", "")
    assert (row.succeeded_at, row.listed_at, row.model_count) == (NOW + SECOND, NOW + SECOND, 2)


def test_older_news_is_no_news(pk: int) -> None:
    keep_heard(pk, Heard(at=NOW, model_count=2))
    keep_heard(pk, Heard(at=NOW - SECOND, cause=Cause.FAILING))
    assert kept().failing_since is None


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_gone_is_passed_over() -> None:
    keep_heard(4711, Heard(at=NOW, model_count=2))
    assert not ConnectionHealth.objects.exists()


def test_one_worker_in_five_minutes_looks_at_a_failure(pk: int) -> None:
    assert not claim_inspection(pk, now=NOW)
    keep_heard(pk, Heard(at=NOW, cause=Cause.UNREACHABLE))
    assert claim_inspection(pk, now=NOW)
    assert not claim_inspection(pk, now=NOW + INSPECTED_AGAIN - SECOND)
    assert claim_inspection(pk, now=NOW + INSPECTED_AGAIN)


def test_what_works_is_not_looked_at(pk: int) -> None:
    keep_heard(pk, Heard(at=NOW, model_count=1))
    assert not claim_inspection(pk, now=NOW)
