"""How much the database is asked, however much there is."""

from __future__ import annotations

import pytest

from connections.models import Connection
from connections.models.key_source import KeySource
from models_registry.loader import load_configuration
from models_registry.models import ModelGrant, RegisteredModel
from resilience.models import ResiliencePolicy, Route, RouteTarget

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rows", [1, 3])
def test_configuration_is_read_in_eight_queries(rows: int, django_assert_num_queries) -> None:
    for name in "abc"[:rows]:
        connection = Connection.objects.create(name=name, base_url=f"https://{name}.example/v1")
        connection.replace_keys([KeySource(secret=f"sk-{name}")])
        RegisteredModel.objects.create(connection=connection, model="m")
        ModelGrant.objects.create(pattern=name, everyone=True)
        policy = ResiliencePolicy.objects.create(name=name)
        route = Route.objects.create(model=f"route-{name}", policy=policy)
        RouteTarget.objects.create(route=route, connection=connection, model="m")

    with django_assert_num_queries(8):
        configuration = load_configuration()

    assert len(configuration.routes.by_model) == rows
