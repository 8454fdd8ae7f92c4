from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter

# What a test has the provider say: for each person {"userinfo": …, "id_token": …}, and in the
# discovery document. None leaves a claim or field out.
said: dict[str, dict[str, dict[str, Any]]] = {}
document: dict[str, Any] = {}


class ProviderAdapter(DefaultOIDCAdapter):
    """Adds the claim with somebody's groups, or what a test wants."""

    def get_claims(self, purpose: Any, user: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        claims = super().get_claims(purpose, user, *args, **kwargs)
        groups = {"groups": list(user.groups.values_list("name", flat=True))}
        return without_none(claims | said.get(user.username, {}).get(purpose, groups))

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        changed = without_none(data | document)
        data.clear()
        data.update(changed)


def without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
