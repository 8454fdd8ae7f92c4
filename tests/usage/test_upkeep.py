import pytest
from django.db import DatabaseError

from usage.upkeep import done


@pytest.mark.django_db(transaction=True)
def test_a_database_that_would_not_have_it_is_asked_again(caplog):
    def fail():
        raise DatabaseError("locked")

    assert done(fail) == 0
    assert "waits, the database says: locked" in caplog.text
