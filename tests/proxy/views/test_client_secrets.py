"""Keys for browsers, as OpenAI's clients ask for them."""

from __future__ import annotations

import time

import pytest
from channels.db import database_sync_to_async
from openai.types.realtime import ClientSecretCreateResponse
from rest_framework.exceptions import AuthenticationFailed

from accounts import client_secrets
from accounts.caller import Scope
from accounts.callers import callers
from accounts.client_secrets import open_client_secret
from accounts.models import ApiKey, ClientSecret
from proxy.client_side.handler import ApiHandler
from tests.support.asgi import AsgiClient

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/v1/realtime/client_secrets"
SESSION = {
    "type": "realtime",
    "model": "m",
    "instructions": "Be brief, with the password hunter2.",
    "audio": {"output": {"voice": "marin"}},
}


async def test_a_secret_opens_the_session_that_it_was_made_for(ask) -> None:
    client = await ask(PATH, {"session": SESSION, "expires_after": {"seconds": 60}})
    assert client.status == 200
    made = ClientSecretCreateResponse.model_validate(client.json, strict=True)
    assert made.value.startswith("ek_")
    assert 50 < made.expires_at - time.time() <= 60
    assert (made.session.type, made.session.object) == ("realtime", "realtime.session")
    opened = await open_client_secret(made.value)
    assert opened.session == SESSION
    assert opened.caller.username == "ada"
    assert opened.caller.scopes == {Scope.INFERENCE}


async def test_without_anything_it_lasts_ten_minutes(ask) -> None:
    for body in ({}, {"session": None, "expires_after": None}):
        client = await ask(PATH, body)
        ClientSecretCreateResponse.model_validate(client.json, strict=True)
        assert 590 < client.json["expires_at"] - time.time() <= 600


async def test_a_transcription_session_says_so(ask) -> None:
    client = await ask(PATH, {"session": {"type": "transcription"}})
    made = ClientSecretCreateResponse.model_validate(client.json, strict=True)
    assert made.session.type == "transcription"


async def test_the_older_endpoint_answers_with_the_session(ask) -> None:
    client = await ask("/v1/realtime/sessions", {"model": "m", "voice": "alloy"})
    assert (client.status, client.json["model"], client.json["voice"]) == (200, "m", "alloy")
    opened = await open_client_secret(client.json["client_secret"]["value"])
    assert opened.session == {"model": "m", "voice": "alloy"}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"session": []}, "session"),
        ({"session": {"type": "chat"}}, "session.type"),
        ({"session": {"model": 7}}, "session.model"),
        ({"session": {"model": ""}}, "session.model"),
        ({"session": {"instructions": "x" * 300_000}}, "session"),
        ({"expires_after": 60}, "expires_after"),
        ({"expires_after": {"anchor": "now", "seconds": 60}}, "expires_after"),
        ({"expires_after": {"seconds": 9}}, "expires_after.seconds"),
        ({"expires_after": {"seconds": 7201}}, "expires_after.seconds"),
        ({"expires_after": {"seconds": True}}, "expires_after.seconds"),
        ({"session": {"model": "m", "prompt": {"id": "pmpt_1"}}}, "session.prompt.id"),
    ],
)
async def test_what_cannot_be_is_refused(ask, body, param) -> None:
    client = await ask(PATH, body)
    assert (client.status, client.json["error"]["param"]) == (400, param)
    assert await ClientSecret.objects.acount() == 0


async def test_a_model_that_is_not_granted_does_not_exist(ask) -> None:
    client = await ask(PATH, {"session": {"model": "secret"}})
    assert (client.status, client.json["error"]["code"]) == (404, "model_not_found")


async def test_a_secret_ends_with_its_key(ask) -> None:
    value = (await ask(PATH, {})).json["value"]
    await database_sync_to_async((await ApiKey.objects.aget()).revoke)()
    await callers.refresh()
    with pytest.raises(AuthenticationFailed):
        await open_client_secret(value)


async def test_a_secret_that_has_expired_opens_nothing(ask) -> None:
    value = (await ask(PATH, {})).json["value"]
    await ClientSecret.objects.all().aupdate(expires_at="2020-01-01T00:00:00Z")
    with pytest.raises(AuthenticationFailed):
        await open_client_secret(value)
    await ask(PATH, {})
    assert await ClientSecret.objects.acount() == 1


async def test_a_secret_is_no_key_over_http_and_makes_no_other(ask) -> None:
    value = (await ask(PATH, {})).json["value"]
    for path in (PATH, "/v1/chat/completions"):
        client = await ask(path, {}, authorization=f"Bearer {value}")
        assert (client.status, client.json["error"]["code"]) == (401, "invalid_api_key")


async def test_nothing_in_the_database_shows_the_secret_or_its_session(ask) -> None:
    value = (await ask(PATH, {"session": SESSION})).json["value"]
    row = await ClientSecret.objects.aget()
    stored = f"{row.digest} {row.parent_digest} {bytes.fromhex(row.sealed_session)!r}"
    assert value not in stored
    assert "hunter2" not in stored
    last = int(row.sealed_session[-2:], 16)
    row.sealed_session = f"{row.sealed_session[:-2]}{last ^ 1:02x}"
    await row.asave()
    with pytest.raises(AuthenticationFailed):
        await open_client_secret(value)


async def test_a_key_has_so_many_at_once(ask, monkeypatch) -> None:
    monkeypatch.setattr(client_secrets, "MOST_OF_A_KEY", 1)
    assert (await ask(PATH, {})).status == 200
    assert (await ask(PATH, {})).status == 429


async def test_the_sessions_of_a_key_have_so_many_bytes(ask, monkeypatch) -> None:
    monkeypatch.setattr(client_secrets, "MOST_BYTES_OF_A_KEY", 4000)
    large = {"session": {"type": "realtime", "instructions": "x" * 1000}}
    assert (await ask(PATH, large)).status == 200
    statuses = [(await ask(PATH, large)).status for _ in range(3)]
    assert statuses[-1] == 429
    assert (await ask(PATH, {})).status == 200


async def test_nobody_makes_one_without_a_key(ask) -> None:
    client = await AsgiClient("POST", PATH).through(ApiHandler())
    assert client.status == 401
