"""Behind a TLS proxy, on PostgreSQL: nothing secret has a default."""

from django.core.exceptions import ImproperlyConfigured

from gateway_project.settings import base, environment
from gateway_project.settings.base import *  # noqa: F403

SECRET_KEY = environment.text("SECRET_KEY")

_missing = [
    name
    for name, value in {
        "SECRET_KEY": SECRET_KEY,
        "ENCRYPTION_KEYS": base.ENCRYPTION_KEYS,
        "ALLOWED_HOSTS": base.ALLOWED_HOSTS,
    }.items()
    if not value
]
if _missing:
    raise ImproperlyConfigured(
        f"Set {', '.join(_missing)}: with DEBUG off and a DATABASE_URL that is not SQLite, "
        "nothing secret is made up. docs/configuration.md shows how to make each."
    )

# Where the provider alone signs people in, it also asks for their second factors.
GATEWAY_REQUIRE_STAFF_MFA = environment.switch(
    "GATEWAY_REQUIRE_STAFF_MFA", default=not base.GATEWAY_SSO_ONLY
)

# TLS ends at the proxy. The API is served by a handler of its own and is not redirected.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = environment.switch("GATEWAY_HTTPS", default=True)
SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT
CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_SSL_REDIRECT
SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT
