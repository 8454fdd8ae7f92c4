"""What migrations make of rows that are there already."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = "0002_permissions_of_the_live_view", "0003_one_owner"


def migrated_to(name):
    """The apps as they are after the migration ``name`` of proxy."""
    executor = MigrationExecutor(connection)
    executor.migrate([("proxy", name)])
    return MigrationExecutor(connection).loader.project_state([("proxy", name)]).apps


@pytest.fixture
def newest_in_the_end():
    """Other tests find all tables again."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("proxy"))


@pytest.mark.django_db(transaction=True)
def test_an_id_that_two_users_had_stays_with_the_first(newest_in_the_end):
    rows = migrated_to(BEFORE).get_model("proxy", "StoredResponse").objects
    for user_id, connection_id in ((1, 1), (2, 1), (3, 2)):
        rows.create(response_id="r", user_id=user_id, connection_id=connection_id, model="m")
    rows = migrated_to(AFTER).get_model("proxy", "StoredResponse").objects
    assert sorted(rows.values_list("user_id", "connection_id")) == [(1, 1), (3, 2)]
