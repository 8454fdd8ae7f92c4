import logging

import pytest
from django.db.migrations.recorder import MigrationRecorder

from gateway_project.schema import AHEAD, BEHIND, current_schema
from infrastructure.outages import outages

pytestmark = pytest.mark.django_db(transaction=True)
Migration = MigrationRecorder.Migration


@pytest.fixture
async def taken_back():
    """The last migration of a room is missing in the database."""
    last = await Migration.objects.filter(app="usage").order_by("name").alast()
    await last.adelete()
    yield f"usage.{last.name}"
    await Migration.objects.acreate(app="usage", name=last.name)
    await current_schema()


@pytest.fixture
async def later():
    """A migration of a later version is in the database."""
    row = await Migration.objects.acreate(app="usage", name="9999_later")
    yield "usage.9999_later"
    await row.adelete()
    await current_schema()


async def test_a_migrated_database_fits():
    schema = await current_schema()
    assert (schema.is_behind, schema.is_ahead, schema.reason) == (False, False, "")


async def test_a_missing_migration_is_named_with_the_remedy(taken_back, caplog):
    caplog.set_level(logging.WARNING, "infrastructure.outages")
    for _ in range(3):
        schema = await current_schema()
    assert schema.is_behind
    assert schema.missing == (taken_back,)
    assert "manage.py migrate" in schema.reason
    assert outages.has(BEHIND)
    assert len(caplog.messages) == 1


async def test_a_later_migration_is_told_and_no_more(later):
    schema = await current_schema()
    assert (schema.is_behind, schema.is_ahead) == (False, True)
    assert later in schema.reason
    assert outages.has(AHEAD)


async def test_a_migration_that_was_squashed_away_is_no_later_one():
    row = await Migration.objects.acreate(app="usage", name="0000_squashed_away")
    schema = await current_schema()
    await row.adelete()
    assert not schema.is_ahead


async def test_nothing_is_open_when_all_fits():
    await current_schema()
    assert not outages.has(BEHIND)
    assert not outages.has(AHEAD)
