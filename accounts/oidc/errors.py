from __future__ import annotations

from allauth.socialaccount.providers.oauth2.client import OAuth2Error


class OidcError(OAuth2Error):
    """The provider's answer is refused. The message holds nothing of it, and may be logged."""
