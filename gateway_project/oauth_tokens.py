"""The access tokens of callers, for upstreams that take them, where a provider is configured."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from accounts.oauth.access_tokens import AccessTokens, NoTokenError, SignInAgainError
from accounts.oauth.provider import Answer, Ask, Client, ProviderUnavailableError, TokenEndpoint
from connections.auth.base import NoCallersTokenError, SignInRequiredError
from connections.auth.system_oauth import TokenSource
from connections.call import Call
from connections.calling.client import UpstreamClient
from connections.calling.documents import ask
from connections.errors import UpstreamError


def configured_access_tokens(client: UpstreamClient) -> AccessTokens:
    """Whoever signed in before the provider was taken out of the settings cannot be renewed."""
    return AccessTokens(
        TokenEndpoint(
            Client(
                issuer=settings.OIDC_ISSUER,
                id=settings.OIDC_CLIENT_ID,
                secret=settings.OIDC_CLIENT_SECRET,
            ),
            _asking(client),
        )
    )


def token_source(tokens: AccessTokens) -> TokenSource:
    """``tokens`` as the strategy ``system_oauth`` asks for them, in the words of its errors."""

    async def token_of(call: Call) -> str:
        try:
            return await tokens.of(call.caller.user_id)
        except SignInAgainError as exc:
            raise SignInRequiredError(str(exc)) from exc
        except (NoTokenError, ProviderUnavailableError) as exc:
            raise NoCallersTokenError(str(exc)) from exc

    return token_of


def _asking(client: UpstreamClient) -> Ask:
    async def answered(
        url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> Answer:
        try:
            status, body = await ask(client, url, form=form, headers=headers)
        except UpstreamError as exc:
            raise ProviderUnavailableError("Your identity provider does not answer.") from exc
        return Answer(status=status, body=body)

    return answered
