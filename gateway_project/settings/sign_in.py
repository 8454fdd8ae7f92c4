"""How people sign in: with a password, or with an OpenID Connect provider. See docs/auth.md."""

from __future__ import annotations

from typing import Any

from gateway_project.settings import environment, forms

OIDC_ISSUER = environment.text("OIDC_ISSUER", form=forms.issuer_problem)
OIDC_CLIENT_ID = environment.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = environment.text("OIDC_CLIENT_SECRET")
OIDC_SCOPES = environment.text("OIDC_SCOPES", "openid email profile").split()
OIDC_NAME = environment.prose("OIDC_NAME", "single sign-on")
OIDC_NEW_USERS = environment.choice("OIDC_NEW_USERS", ("pending", "active", "refused"))
OIDC_TRUST_EMAIL = environment.switch("OIDC_TRUST_EMAIL", default=False)
OIDC_SIGN_OUT = environment.switch("OIDC_SIGN_OUT", default=True)
OIDC_USERNAME_CLAIM = environment.text("OIDC_USERNAME_CLAIM", "preferred_username")
OIDC_DISPLAY_NAME_CLAIM = environment.text("OIDC_DISPLAY_NAME_CLAIM")
OIDC_GROUPS_CLAIM = environment.text("OIDC_GROUPS_CLAIM", "groups")
OIDC_ROLES_CLAIM = environment.text("OIDC_ROLES_CLAIM", OIDC_GROUPS_CLAIM)
OIDC_MISSING_CLAIM = environment.choice("OIDC_MISSING_CLAIM", ("keep", "none"))
OIDC_GROUP_MAPPING = environment.mapping("OIDC_GROUP_MAPPING")
OIDC_STAFF_GROUPS = environment.items("OIDC_STAFF_GROUPS")
OIDC_SUPERUSER_GROUPS = environment.items("OIDC_SUPERUSER_GROUPS")

GATEWAY_SSO_ONLY = environment.switch("GATEWAY_SSO_ONLY", default=False)
GATEWAY_REQUIRE_STAFF_MFA = environment.switch("GATEWAY_REQUIRE_STAFF_MFA", default=False)

SIGN_IN_APPS = [
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "accounts.oidc",
]

LOGIN_URL = "account_login"
AUTHENTICATION_BACKENDS = ["accounts.sign_in.passwords.PasswordBackend"]

ACCOUNT_ADAPTER = "accounts.sign_in.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
# An address is what a provider vouches for, or what an admin wrote or sent an invitation to.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# Both would let strangers use up what others have: accounts.sign_in.limits counts in their place.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}

SOCIALACCOUNT_ADAPTER = "accounts.oidc.adapter.SocialAccountAdapter"
SOCIALACCOUNT_STORE_TOKENS = False  # in the clear; accounts.oauth keeps them encrypted
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10

MFA_ADAPTER = "accounts.sign_in.second_factors.MfaAdapter"
MFA_FORMS = {
    "authenticate": "accounts.sign_in.code_forms.LimitedAuthenticateForm",
    "reauthenticate": "accounts.sign_in.code_forms.LimitedReauthenticateForm",
    "activate_totp": "accounts.sign_in.code_forms.LimitedActivateTOTPForm",
}
# A passkey cannot be guessed. People of one office share an address.
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = not GATEWAY_SSO_ONLY
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Gatehouse"
MFA_TOTP_TOLERANCE = 1


def _provider() -> dict[str, Any]:
    """The provider in allauth's words. Its id is the issuer, so that a subject is one of it."""
    if not OIDC_ISSUER:
        return {}
    app = {
        "provider_id": OIDC_ISSUER,
        "name": OIDC_NAME,
        "client_id": OIDC_CLIENT_ID,
        "secret": OIDC_CLIENT_SECRET,
        "settings": {
            "server_url": f"{OIDC_ISSUER.rstrip('/')}/.well-known/openid-configuration",
            "scope": OIDC_SCOPES,
            "oauth_pkce_enabled": True,
            "verified_email": OIDC_TRUST_EMAIL,
        },
    }
    return {"oidc": {"APPS": [app]}}


SOCIALACCOUNT_PROVIDERS = _provider()

# Tokens of an issuer in place of API keys.
GATEWAY_JWT_ISSUER = environment.text("GATEWAY_JWT_ISSUER", form=forms.issuer_problem)
GATEWAY_JWT_AUDIENCE = environment.text("GATEWAY_JWT_AUDIENCE")
GATEWAY_JWT_JWKS_URL = environment.url("GATEWAY_JWT_JWKS_URL", "https", "http")
GATEWAY_JWT_ALGORITHMS = environment.items("GATEWAY_JWT_ALGORITHMS") or ["RS256", "ES256"]
GATEWAY_JWT_GROUPS_CLAIM = environment.text("GATEWAY_JWT_GROUPS_CLAIM", "groups")
GATEWAY_JWT_NEW_USERS = environment.choice(
    "GATEWAY_JWT_NEW_USERS", ("pending", "active", "refused")
)
