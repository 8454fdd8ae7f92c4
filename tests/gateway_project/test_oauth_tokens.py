"""What a call with ``system_oauth`` is told when there is no token for it."""

import json

import httpx
import pytest

from accounts.caller import Caller
from accounts.oauth.access_tokens import NoTokenError, SignInAgainError
from accounts.oauth.provider import ProviderUnavailableError
from connections.auth.base import (
    AuthUnavailableError,
    NoCallersTokenError,
    SignInRequiredError,
)
from connections.call import Call
from connections.calling.client import UpstreamClient
from gateway_project.oauth_tokens import configured_access_tokens, token_source

CALL = Call(endpoint="models", model="", body={}, caller=Caller.system(), request_id="req_1")


class Tokens:
    def __init__(self, answer):
        self.answer = answer

    async def of(self, user_id):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_hands_out_the_token_of_the_caller():
    assert await token_source(Tokens("access-1"))(CALL) == "access-1"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NoTokenError("x"), NoCallersTokenError),
        (ProviderUnavailableError("x"), NoCallersTokenError),
        (SignInAgainError("x"), SignInRequiredError),
    ],
)
async def test_tells_why_there_is_none(error, told):
    with pytest.raises(AuthUnavailableError, match="x") as caught:
        await token_source(Tokens(error))(CALL)
    assert type(caught.value) is told


@pytest.mark.django_db(transaction=True)
async def test_asks_the_provider_over_the_one_way_out(settings):
    settings.OIDC_ISSUER = "https://id.example"
    asked = []

    def answer(request):
        asked.append(request)
        document = {"issuer": "https://id.example", "token_endpoint": "https://id.example/token"}
        token = {"access_token": "new"}
        return httpx.Response(200, content=json.dumps(token if request.content else document))

    client = UpstreamClient(httpx.MockTransport(answer))
    endpoint = configured_access_tokens(client)._endpoint
    assert (await endpoint.renew("old")).pair.access == "new"
    assert [request.method for request in asked] == ["GET", "POST"]
    assert b"refresh_token=old" in asked[1].content
