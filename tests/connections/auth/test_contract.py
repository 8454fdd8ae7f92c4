"""What every strategy owes: the connection's credential, nobody else's, on every request."""

from __future__ import annotations

import httpx
import pytest

from connections.auth.base import AuthUnavailableError
from connections.auth.registry import STRATEGIES, strategy_for
from connections.calling.client import UpstreamClient
from connections.choices import AuthType
from connections.upstream import Timeouts, UpstreamKey
from tests.support.builders import SECRET, an_upstream

TIMEOUTS = Timeouts(connect=1, first_byte=1, idle=1, total=1)
KEYED = [("compatible", "bearer"), ("azure", "bearer")]


class Recorder:
    """Answers each key with the status it was told to, 200 for the others."""

    def __init__(self, **statuses: int) -> None:
        self.statuses = statuses
        self.keys: list[str] = []
        self.headers: list[httpx.Headers] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        headers = request.headers
        key = headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        self.keys.append(key)
        self.headers.append(headers.copy())
        return httpx.Response(self.statuses.get(key, 200), json={}, headers={"retry-after": "5"})


async def asked(recorder: Recorder, auth: httpx.Auth) -> int:
    client = UpstreamClient(httpx.MockTransport(recorder))
    request = httpx.Request("POST", "https://one.example/v1/chat/completions", content=b"{}")
    return (await client.send(request, auth=auth, timeouts=TIMEOUTS)).status


def test_every_kind_of_authentication_has_a_strategy() -> None:
    assert set(STRATEGIES) == set(AuthType.values)


@pytest.mark.parametrize(
    ("provider", "auth_type", "headers"),
    [
        ("compatible", "bearer", {"authorization": f"Bearer {SECRET}"}),
        ("openai", "bearer", {"authorization": f"Bearer {SECRET}"}),
        ("azure", "bearer", {"api-key": SECRET}),
        ("compatible", "none", {}),
        ("azure", "none", {}),
    ],
)
async def test_the_credential_is_sent_in_its_one_place(
    provider: str, auth_type: str, headers: dict[str, str]
) -> None:
    recorder = Recorder()
    await asked(recorder, strategy_for(an_upstream(provider=provider, auth_type=auth_type)))
    [sent] = recorder.headers
    assert {name: sent[name] for name in ("authorization", "api-key") if name in sent} == headers


@pytest.mark.parametrize(("provider", "auth_type"), KEYED)
async def test_without_a_key_nothing_is_sent(provider: str, auth_type: str) -> None:
    recorder = Recorder()
    auth = strategy_for(an_upstream(provider=provider, auth_type=auth_type, secrets=()))
    assert await asked(recorder, auth) == 200
    assert recorder.keys == [""]


@pytest.mark.parametrize(("provider", "auth_type"), KEYED)
@pytest.mark.parametrize("status", [401, 429])
async def test_a_refused_key_gives_way_to_the_next(
    provider: str, auth_type: str, status: int
) -> None:
    recorder = Recorder(a=status, b=status)
    auth = strategy_for(
        an_upstream(provider=provider, auth_type=auth_type, secrets=("a", "b", "c"))
    )
    assert await asked(recorder, auth) == 200
    assert recorder.keys == ["a", "b", "c"]


async def test_when_every_key_is_refused_the_last_answer_counts() -> None:
    recorder = Recorder(a=401, b=429)
    assert await asked(recorder, strategy_for(an_upstream(secrets=("a", "b")))) == 429
    assert recorder.keys == ["a", "b"]


@pytest.mark.parametrize("status", [200, 400, 403, 404, 500, 503])
async def test_any_other_answer_is_final(status: int) -> None:
    recorder = Recorder(a=status)
    assert await asked(recorder, strategy_for(an_upstream(secrets=("a", "b")))) == status
    assert recorder.keys == ["a"]


async def test_keys_take_turns() -> None:
    recorder = Recorder()
    auth = strategy_for(an_upstream(secrets=("a", "b", "c")))
    for _ in range(6):
        await asked(recorder, auth)
    assert recorder.keys == ["a", "b", "c", "a", "b", "c"]


async def test_a_refused_key_is_the_last_resort_of_later_requests() -> None:
    recorder = Recorder(a=401)
    auth = strategy_for(an_upstream(secrets=("a", "b")))
    for _ in range(4):
        await asked(recorder, auth)
    assert recorder.keys == ["a", "b", "b", "b", "b"]


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("", "The environment variable THE_KEY is not set, or empty."),
        ("sk-one\nX-Evil: 1", "The key env:THE_KEY holds a line break or a control character."),
        ("sk-\x00", "The key env:THE_KEY holds a line break or a control character."),
    ],
)
async def test_an_unusable_key_is_not_sent(secret: str, reason: str) -> None:
    recorder = Recorder()
    upstream = an_upstream(keys=(UpstreamKey(id="1", secret=secret, hint="env:THE_KEY"),))
    with pytest.raises(AuthUnavailableError) as caught:
        await asked(recorder, strategy_for(upstream))
    assert recorder.keys == []
    assert str(caught.value) == reason
    assert "THE_KEY" not in caught.value.public_message


async def test_an_unusable_key_is_passed_over() -> None:
    recorder = Recorder()
    auth = strategy_for(an_upstream(secrets=("", "b")))
    assert [await asked(recorder, auth) for _ in range(2)] == [200, 200]
    assert recorder.keys == ["b", "b"]


def test_no_strategy_shows_its_key() -> None:
    for auth_type in AuthType.values:
        assert SECRET not in repr(strategy_for(an_upstream(auth_type=auth_type)))
