"""People in front of the portal, and a worker's registry behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from connections.calling.client import UpstreamClient
from connections.models import Connection
from models_registry.models import ModelGrant, RegisteredModel
from models_registry.registry import Registry, activate
from portal.reading.prices import kept_pricing
from resilience.states import states

MODELS = ("gpt-4o", "gpt-4o-mini", "o1", "secret-model")


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    cache.clear()
    kept_pricing.forget()
    yield
    cache.clear()
    kept_pricing.forget()
    states.reset()


@pytest.fixture
def team(db: None) -> Group:
    return Group.objects.create(name="team")


@pytest.fixture
def ada(team: Group) -> User:
    user = User.objects.create_user("ada", email="ada@example.org", password="ada-pass-1")
    user.groups.add(team)
    return user


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", email="bob@example.org", password="bob-pass-1")


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def page(ada: User) -> Client:
    """Ada's browser."""
    return browser_of(ada)


@pytest.fixture
def registry(transactional_db: None, team: Group) -> Iterator[Registry]:
    """Serves ``MODELS``, of which the team may use all but the last."""
    connection = Connection.objects.create(
        name="openai", base_url="https://api.openai.com/v1", model_ids=list(MODELS)
    )
    RegisteredModel.objects.create(
        connection=connection, model="gpt-4o", description="hard questions, code"
    )
    for pattern in ("gpt-4o*", "o1"):
        ModelGrant.objects.create(pattern=pattern, group=team)
    no_upstream = httpx.MockTransport(lambda request: httpx.Response(404))
    registry = Registry(UpstreamClient(no_upstream))
    asyncio.run(registry.reload(is_refreshing=False))
    activate(registry)
    yield registry
    activate(None)
