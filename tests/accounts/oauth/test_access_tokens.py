"""Access tokens are renewed once, whoever asks, and are never asked of the wrong provider."""

import asyncio
import json
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from accounts.models import User
from accounts.models.oauth_tokens import OAuthToken, TokenPair
from accounts.oauth.access_tokens import AccessTokens, NoTokenError, SignInAgainError
from accounts.oauth.provider import Answer, Client, ProviderUnavailableError, TokenEndpoint

pytestmark = pytest.mark.django_db(transaction=True)
ISSUER = "https://id.example"


class RotatingProvider:
    """Takes each refresh token once, as real ones do, and counts."""

    def __init__(self) -> None:
        self.renewals = 0
        self.valid = "refresh-0"
        self.answer: Answer | None = None
        self.is_down = False
        self.asked = asyncio.Event()

    async def ask(self, url, form, headers):
        if self.is_down:
            raise ProviderUnavailableError("down")
        if form is None:
            return answer(200, issuer=ISSUER, token_endpoint=f"{ISSUER}/token")
        self.renewals += 1
        self.asked.set()
        await asyncio.sleep(0.05)
        if self.answer is not None:
            return self.answer
        if form["refresh_token"] != self.valid:
            return answer(400, error="invalid_grant")
        self.valid = f"refresh-{self.renewals}"
        return answer(
            200,
            access_token=f"access-{self.renewals}",
            refresh_token=self.valid,
            expires_in=3600,
        )


def answer(status, **body):
    return Answer(status=status, body=json.dumps(body).encode())


def worker(provider):
    return AccessTokens(TokenEndpoint(Client(issuer=ISSUER, id="gatehouse"), provider.ask))


@pytest.fixture
def provider():
    return RotatingProvider()


def make_token(user, *, seconds, refresh="refresh-0", issuer=ISSUER):
    row = OAuthToken(
        user=user,
        issuer=issuer,
        expires_at=timezone.now() + timedelta(seconds=seconds),
        session_ends_at=timezone.now() + timedelta(days=1),
    )
    row.seal(TokenPair(access="access-0", refresh=refresh))
    row.save()
    return row


a_token = database_sync_to_async(make_token)


@pytest.fixture
def user():
    return User.objects.create_user("alice")


@pytest.fixture
def expired(user):
    return make_token(user, seconds=-10)


async def test_a_token_that_lasts_is_read_once(user, provider):
    await a_token(user, seconds=3600)
    tokens = worker(provider)
    await tokens.of(user.pk)
    await OAuthToken.objects.all().adelete()
    assert [await tokens.of(user.pk) for _ in range(3)] == ["access-0"] * 3
    assert provider.renewals == 0


async def test_twenty_calls_of_a_worker_make_one_renewal(expired, provider):
    tokens = worker(provider)
    got = await asyncio.gather(*(tokens.of(expired.user_id) for _ in range(20)))
    assert set(got) == {"access-1"}
    assert provider.renewals == 1


async def test_four_workers_make_one_renewal(expired, provider):
    got = await asyncio.gather(*(worker(provider).of(expired.user_id) for _ in range(4)))
    assert set(got) == {"access-1"}
    assert provider.renewals == 1


async def test_the_new_refresh_token_is_kept(expired, provider):
    await worker(provider).of(expired.user_id)
    await expired.arefresh_from_db()
    assert expired.reveal() == TokenPair(access="access-1", refresh="refresh-1")
    assert "access" not in expired.ciphertext


async def test_a_token_about_to_end_is_renewed(user, provider):
    await a_token(user, seconds=30)
    assert await worker(provider).of(user.pk) == "access-1"


@pytest.mark.parametrize("expires_in", [20, 60, 119])
async def test_a_token_that_never_lasts_long_serves_for_half_its_time(
    expired, provider, expires_in
):
    provider.answer = answer(200, access_token="short", expires_in=expires_in)
    first, second = worker(provider), worker(provider)
    got = [await each.of(expired.user_id) for each in (first, second, first)]
    assert (got, provider.renewals) == (["short"] * 3, 1)
    half = timezone.now() + timedelta(seconds=expires_in / 2)
    await OAuthToken.objects.aupdate(expires_at=half)
    await worker(provider).of(expired.user_id)
    assert provider.renewals == 2


async def test_a_token_about_to_end_serves_while_the_provider_is_down(user, provider):
    await a_token(user, seconds=30)
    provider.is_down = True
    assert await worker(provider).of(user.pk) == "access-0"


async def test_an_expired_token_waits_for_a_provider_that_is_down(expired, provider):
    provider.is_down = True
    with pytest.raises(ProviderUnavailableError):
        await worker(provider).of(expired.user_id)
    await expired.arefresh_from_db()
    assert expired.reveal().refresh == "refresh-0"


async def test_a_refused_refresh_token_asks_to_sign_in_again(expired, provider):
    provider.valid = "another"
    for _ in range(2):
        with pytest.raises(SignInAgainError, match="again"):
            await worker(provider).of(expired.user_id)
    assert provider.renewals == 1


async def test_an_error_that_is_not_final_keeps_the_token(expired, provider):
    provider.answer = answer(400, error="invalid_client")
    with pytest.raises(ProviderUnavailableError):
        await worker(provider).of(expired.user_id)
    await expired.arefresh_from_db()
    assert expired.ciphertext


async def test_an_expired_token_without_a_refresh_token_asks_to_sign_in_again(user, provider):
    await a_token(user, seconds=-1, refresh="")
    with pytest.raises(SignInAgainError):
        await worker(provider).of(user.pk)


async def test_somebody_without_a_token_has_none(user, provider):
    with pytest.raises(NoTokenError):
        await worker(provider).of(user.pk)


async def test_a_refresh_token_of_another_issuer_is_not_sent(user, provider):
    await a_token(user, seconds=-1, issuer="https://before.example")
    with pytest.raises(NoTokenError):
        await worker(provider).of(user.pk)
    assert provider.renewals == 0


async def test_a_session_that_ends_during_the_renewal_gets_nothing_back(expired, provider):
    tokens = worker(provider)
    task = asyncio.create_task(tokens.of(expired.user_id))
    await provider.asked.wait()
    await OAuthToken.objects.all().adelete()
    with pytest.raises(SignInAgainError):
        await task
    assert not await OAuthToken.objects.aexists()


async def test_a_client_that_hangs_up_does_not_end_the_renewal(expired, provider):
    tokens = worker(provider)
    task = asyncio.create_task(tokens.of(expired.user_id))
    await provider.asked.wait()
    task.cancel()
    await tokens.finish()
    await expired.arefresh_from_db()
    assert expired.reveal().access == "access-1"


async def test_what_is_forgotten_is_read_again(user, provider):
    row = await a_token(user, seconds=3600)
    tokens = worker(provider)
    await tokens.of(user.pk)
    await OAuthToken.objects.filter(pk=row.pk).adelete()
    tokens.forget()
    with pytest.raises(NoTokenError):
        await tokens.of(user.pk)
