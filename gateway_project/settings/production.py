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
# Both reach beyond this host: to all below it, and for months, whatever this gateway says later.
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.switch(
    "GATEWAY_HSTS_INCLUDE_SUBDOMAINS", default=False
)
SECURE_HSTS_PRELOAD = environment.switch("GATEWAY_HSTS_PRELOAD", default=False)
if SECURE_HSTS_PRELOAD and not SECURE_HSTS_INCLUDE_SUBDOMAINS:
    raise ImproperlyConfigured(
        "GATEWAY_HSTS_PRELOAD needs GATEWAY_HSTS_INCLUDE_SUBDOMAINS: browsers preload no host "
        "without what is below it."
    )
# Django recommends both for every site; whether they fit is known to the owner of the domain alone.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
