from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter


class ProviderAdapter(DefaultOIDCAdapter):
    """Adds the claim with somebody's groups."""

    def get_claims(self, purpose: Any, user: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        claims = super().get_claims(purpose, user, *args, **kwargs)
        return claims | {"groups": list(user.groups.values_list("name", flat=True))}
