from django.apps import AppConfig


class OidcConfig(AppConfig):
    name = "accounts.oidc"
    label = "oidc"

    def ready(self) -> None:
        from accounts.oauth import signing_in  # noqa: F401 - its receivers
        from accounts.oidc import checks, linking, signing_out  # noqa: F401
