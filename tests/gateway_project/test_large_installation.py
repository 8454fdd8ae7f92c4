"""No page asks the database more often where there is more of anything.

``python -m benchmarks.pages`` measures the times of the same pages over a million records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from benchmarks.filling import Scale, fill
from benchmarks.page_addresses import Page, admin_pages, portal_pages
from benchmarks.pages import MOST_QUERIES, serving_models

pytestmark = pytest.mark.django_db(transaction=True)
# More rows of each kind than queries, so that one query for each row is one too many.
SCALE = Scale(models=60, connections=15, groups=15, users=40, requests=600, days=2, rest=15)
WITHOUT_PAGE = {302, 403}  # forms that nobody has, as to add an alert


@pytest.fixture
def installation(transactional_db: None) -> Iterator[None]:
    cache.clear()
    fill(SCALE)
    with serving_models():
        yield
    cache.clear()


def troubles(client: Client, pages: Iterable[Page]) -> list[tuple[str, int, int]]:
    """The pages that take more queries than they may, or fail."""
    found = []
    for name, address in pages:
        client.get(address)  # content types and prices are known from then on
        with CaptureQueriesContext(connection) as queries:
            status = client.get(address).status_code
        if len(queries) > MOST_QUERIES or status not in {200, *WITHOUT_PAGE}:
            found.append((name, status, len(queries)))
    return found


@pytest.mark.long
def test_no_page_of_the_admin_takes_more_than_twelve_queries(
    admin_client: Client, installation: None
) -> None:
    pages = list(admin_pages())
    assert len(pages) > 100
    assert troubles(admin_client, pages) == []


def test_no_page_of_the_portal_takes_more_than_twelve_queries(
    client: Client, installation: None
) -> None:
    person = User.objects.get(username="user-0000")
    client.force_login(person)
    pages = list(portal_pages(person))
    assert len(pages) > 15
    assert troubles(client, pages) == []
