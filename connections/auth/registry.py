"""Which strategy a connection uses."""

from __future__ import annotations

from connections.auth.api_key_header import ApiKeyHeaderAuth, XApiKeyHeaderAuth
from connections.auth.azure_ad import AzureAdAuth
from connections.auth.base import AuthStrategy
from connections.auth.bearer import BearerAuth
from connections.auth.none import NoAuth
from connections.auth.session import SessionAuth
from connections.auth.system_oauth import SystemOAuth
from connections.choices import AuthType, Provider
from connections.upstream import Upstream

STRATEGIES: dict[str, type[AuthStrategy]] = {
    AuthType.BEARER: BearerAuth,
    AuthType.NONE: NoAuth,
    AuthType.SESSION: SessionAuth,
    AuthType.SYSTEM_OAUTH: SystemOAuth,
    AuthType.AZURE_AD: AzureAdAuth,
    AuthType.MICROSOFT_ENTRA_ID: AzureAdAuth,
}
# Providers that take a plain key in a header of their own.
KEY_HEADERS: dict[str, type[AuthStrategy]] = {
    Provider.AZURE: ApiKeyHeaderAuth,
    Provider.ANTHROPIC: XApiKeyHeaderAuth,
}


def strategy_for(upstream: Upstream) -> AuthStrategy:
    """Build the strategy of ``upstream``."""
    if upstream.auth_type == AuthType.BEARER and upstream.provider in KEY_HEADERS:
        return KEY_HEADERS[upstream.provider](upstream)
    return STRATEGIES[upstream.auth_type](upstream)
