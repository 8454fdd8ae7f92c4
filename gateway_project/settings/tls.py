"""What follows from TLS at the proxy in front, for one machine as for a server.

The API is served by a handler of its own and is never redirected.
"""

from gateway_project.settings import base, environment
from gateway_project.settings.findings import refuse
from gateway_project.settings.front import is_over_tls

SECURE_SSL_REDIRECT = is_over_tls(default=not (base.DEBUG or base.DATABASE_IS_SQLITE))
SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT
CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
# Both reach beyond this host: to all below it, and for months, whatever this gateway says later.
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.switch(
    "GATEWAY_HSTS_INCLUDE_SUBDOMAINS", default=False
)
SECURE_HSTS_PRELOAD = environment.switch("GATEWAY_HSTS_PRELOAD", default=False)
if SECURE_HSTS_PRELOAD and not SECURE_HSTS_INCLUDE_SUBDOMAINS:
    refuse(
        "GATEWAY_HSTS_PRELOAD",
        "GATEWAY_HSTS_PRELOAD needs GATEWAY_HSTS_INCLUDE_SUBDOMAINS: browsers preload no host "
        "without what is below it.",
    )
