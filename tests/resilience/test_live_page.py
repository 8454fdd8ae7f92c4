from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connections.auth.key_pool import KeyPool
from connections.calling.key_pools import key_pools
from connections.models import Connection
from connections.upstream import UpstreamKey
from resilience.states import states

pytestmark = pytest.mark.django_db
KEY = UpstreamKey(id="1", secret="sk-upstream-0123456789abcdef", hint="…<b>")


@pytest.fixture
def row() -> Connection:
    return Connection.objects.create(name="one", base_url="https://one.example/v1")


@pytest.fixture
def pool(row) -> Iterator[KeyPool]:
    pool = KeyPool((KEY,))
    key_pools.replace({row.pk: pool})
    yield pool
    key_pools.replace({})
    states.reset()


def signed_in(*permissions: str, **fields: bool) -> Client:
    user = User.objects.create_user("ada", is_staff=True, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def change_page(row: Connection) -> str:
    return reverse("admin:connections_connection_change", args=[row.pk])


def try_now(row: Connection) -> str:
    return reverse("try_now", args=[row.pk])


def test_the_page_shows_what_rests_and_escapes_it(row, pool) -> None:
    pool.kill(KEY, "<script>401</script>")
    states.of((row.pk, "<i>m")).cool(60, "503")
    page = signed_in(is_superuser=True).get(change_page(row)).content.decode()
    assert "Live state" in page
    assert "Key …&lt;b&gt;" in page
    assert "&lt;script&gt;401" in page
    assert "<script>401" not in page
    assert "Model &lt;i&gt;m" in page
    assert page.count("Try now") == 2
    assert KEY.secret not in page


def test_a_key_is_tried_again_and_the_history_says_so(row, pool) -> None:
    pool.kill(KEY, "401")
    client = signed_in("change_connection", "view_connection")
    answer = client.post(try_now(row), {"key": "1"}, follow=True)
    assert "The next request tries the key" in answer.content.decode()
    assert pool.usable("m") is KEY
    history = reverse("admin:connections_connection_history", args=[row.pk])
    assert "Tried again: the key" in client.get(history).content.decode()


def test_a_model_is_tried_again(row, pool) -> None:
    states.of((row.pk, "m")).cool(60, "503")
    signed_in(is_superuser=True).post(try_now(row), {"model": "m"})
    assert not states.of((row.pk, "m")).available_at


def test_what_is_gone_is_told(row, pool) -> None:
    client = signed_in(is_superuser=True)
    answer = client.post(try_now(row), {"key": "9"}, follow=True)
    assert "Nothing is known against it any more." in answer.content.decode()


def test_looking_is_not_enough_to_try(row, pool) -> None:
    pool.kill(KEY, "401")
    client = signed_in("view_connection")
    assert "Try now" not in client.get(change_page(row)).content.decode()
    assert client.post(try_now(row), {"key": "1"}).status_code == 403
    assert pool.usable("m") is None


def test_only_a_post_with_a_token_tries(row, pool) -> None:
    client = signed_in(is_superuser=True)
    assert client.get(try_now(row)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(try_now(row), {"key": "1"}).status_code == 403


def test_a_connection_that_is_gone_is_not_found(row, pool) -> None:
    client = signed_in(is_superuser=True)
    assert client.post(reverse("try_now", args=[row.pk + 1]), {"key": "1"}).status_code == 404
