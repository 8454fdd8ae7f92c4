"""What the overview asks the database for."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import ApiKey, User
from gateway_project.overview.facts import Facts

NOW = datetime.now(UTC)


@pytest.mark.django_db
def test_keys_that_expire_soon_and_their_people_are_counted() -> None:
    viewer = User.objects.create_user("ada")
    facts = Facts.of(viewer, now=NOW)
    assert (facts.keys_expiring, facts.people_expiring) == (0, 0)
    for days in (1, 2, 30):
        ApiKey.objects.issue(viewer, name="laptop", lifetime=timedelta(days=days))
    facts = Facts.of(viewer, now=NOW)
    assert (facts.keys_expiring, facts.people_expiring) == (2, 1)
