"""Methods that every path knows, and the ways a path is written."""

from __future__ import annotations

import pytest
from channels.db import database_sync_to_async

from accounts.models import ApiKey, User
from connections.models import Connection
from proxy.client_side.handler import ApiHandler
from proxy.client_side.paths import plain_path
from tests.security.routes import routes_of
from tests.support.asgi import AsgiClient
from tests.support.in_process import RecordingUpstream, in_process

with_database = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("path", "plain"),
    [("/v1/models", "/v1/models"), ("//v1//models//", "/v1/models"), ("/", "/"), ("///", "/")],
)
def test_slashes_too_many_do_not_count(path: str, plain: str) -> None:
    assert plain_path(path) == plain


@pytest.mark.parametrize("route", routes_of("gateway_project.api_urls"), ids=lambda it: it.pattern)
async def test_every_path_says_its_methods_to_anyone(route) -> None:
    for path in (route.path, f"{route.path}/"):
        client = await AsgiClient("OPTIONS", path).through(ApiHandler())
        assert (client.status, client.body) == (204, b"")
        allowed = client.headers["allow"].lower().split(", ")
        assert set(route.methods) <= set(allowed)
        assert ("head" in allowed) == ("get" in allowed)
        assert "content-length" not in client.headers


@pytest.mark.parametrize("route", routes_of("gateway_project.api_urls"), ids=lambda it: it.pattern)
async def test_every_path_may_end_with_a_slash(route) -> None:
    for method in route.methods:
        client = await AsgiClient(method.upper(), f"{route.path}/").through(ApiHandler())
        assert client.status == 401


async def test_options_of_a_path_that_does_not_exist_are_404() -> None:
    client = await AsgiClient("OPTIONS", "/v1/nothing").through(ApiHandler())
    assert client.status == 404


@with_database
async def test_head_is_get_without_a_body(transactional_db) -> None:
    await Connection.objects.acreate(name="one", base_url="https://one.example/v1", model_ids=["m"])
    root = await User.objects.acreate(username="root", is_staff=True)
    _, key = await database_sync_to_async(ApiKey.objects.issue)(root)
    headers = {"authorization": f"Bearer {key}"}
    async with in_process(RecordingUpstream()) as api:
        for path in ("/v1/models", "/v1/models/m", "/v1/models/none", "/v1/models/"):
            get = await AsgiClient("GET", path, headers=headers).through(api)
            head = await AsgiClient("HEAD", path, headers=headers).through(api)
            assert (head.status, head.body) == (get.status, b"")
            assert head.headers["content-length"] == str(len(get.body))
            assert head.headers["content-type"] == get.headers["content-type"]


async def test_head_where_there_is_no_get_is_405_without_a_body() -> None:
    client = await AsgiClient("HEAD", "/v1/chat/completions").through(ApiHandler())
    assert (client.status, client.body) == (405, b"")
