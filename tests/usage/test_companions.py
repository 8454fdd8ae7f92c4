from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DataError, OperationalError, connection

from tests.usage.records import a_record
from usage.companions import Companions, Stored
from usage.models import UsageRow

pytestmark = pytest.mark.django_db(transaction=True)


class Noting:
    """Notes what it is told, and fails as it is told to."""

    def __init__(self, wanted="gpt-4o", fails=None):
        self.wanted, self.fails = wanted, fails
        self.told, self.committed = [], []

    def wants(self, record):
        return record.model == self.wanted

    def add(self, new, known):
        if self.fails is not None:
            raise self.fails
        self.told.append(([each.record.request_id for each in new], len(known)))
        return lambda: self.committed.append(connection.in_atomic_block)

    def prune(self, before):
        self.told.append(before)


def stored(*numbers, **fields):
    return [Stored(a_record(request_id=f"req_{n}", **fields), Decimal(n)) for n in numbers]


def registered(*companions):
    all_of_them = Companions()
    for companion in companions:
        all_of_them.register(companion)
    return all_of_them


def test_each_is_told_of_what_it_wants():
    noting, other = Noting(), Noting("other")
    companions = registered(noting, other, noting)
    companions.add(stored(1, 2), stored(3))
    companions.add(stored(4, model="other"), [])
    assert noting.told == [(["req_1", "req_2"], 1)]
    assert other.told == [(["req_4"], 0)]
    assert noting.committed == [False]


def test_who_wants_nothing_is_asked_for_nothing():
    companions = registered(Noting("other"))
    assert not companions.are_interested(a_record())
    assert companions.are_interested(a_record(model="other"))


@pytest.mark.parametrize("error", [DataError("too long"), KeyError("x"), ValueError("x")])
def test_one_that_cannot_take_it_keeps_no_other_from_it(caplog, error):
    noting = Noting()
    registered(Noting(fails=error), noting).add(stored(1), [])
    assert noting.told == [(["req_1"], 0)]
    assert "lack 1 of them" in caplog.text


def test_a_database_that_goes_away_is_told():
    with pytest.raises(OperationalError):
        registered(Noting(fails=OperationalError("away"))).add(stored(1), [])
    assert not UsageRow.objects.exists()


def test_each_is_told_what_became_totals():
    noting, other = Noting(), Noting("other")
    before = datetime(2026, 1, 1, tzinfo=UTC)
    registered(noting, other).prune(before)
    assert noting.told == other.told == [before]
