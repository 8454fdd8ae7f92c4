"""What a test leaves under way in the database does not harm the next one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts.models import User
from tests.support.emptying import close_open_transactions
from tests.support.processes import PATIENCE_SECONDS


@pytest.mark.django_db(transaction=True)
def test_what_still_writes_as_its_test_ends_leaves_no_transaction(django_db_blocker) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            User.objects.create(username="late")
            has_begun.set()
            assert may_end.wait(PATIENCE_SECONDS)

    def write_next() -> None:
        try:
            close_open_transactions()
            User.objects.create(username="next")
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        late = thread.submit(write)
        assert has_begun.wait(PATIENCE_SECONDS)
        with django_db_blocker.block():  # as between two tests
            may_end.set()
            with pytest.raises(RuntimeError, match="not allowed"):
                late.result()
        thread.submit(write_next).result()
    assert User.objects.filter(username="next").exists()
