"""Behind a TLS proxy, on PostgreSQL: nothing secret has a default."""

from gateway_project.settings import base, environment
from gateway_project.settings.base import *  # noqa: F403
from gateway_project.settings.findings import is_refused, refuse
from gateway_project.settings.front import with_public_host
from gateway_project.settings.tls import *  # noqa: F403

SECRET_KEY = environment.text("SECRET_KEY")
ALLOWED_HOSTS = with_public_host(base.ALLOWED_HOSTS)

_missing = [
    name
    for name, value in {
        "SECRET_KEY": SECRET_KEY,
        "ENCRYPTION_KEYS": base.ENCRYPTION_KEYS,
        "ALLOWED_HOSTS (or GATEWAY_PUBLIC_URL)": ALLOWED_HOSTS,
    }.items()
    if not value and not is_refused(name.partition(" ")[0])
]
if _missing:
    refuse(
        _missing[0],
        f"Set {', '.join(_missing)}: with DEBUG off and a DATABASE_URL that is not SQLite, "
        "nothing secret is made up. docs/configuration.md shows how to make each.",
    )

# Where the provider alone signs people in, it also asks for their second factors.
GATEWAY_REQUIRE_STAFF_MFA = environment.switch(
    "GATEWAY_REQUIRE_STAFF_MFA", default=not base.GATEWAY_SSO_ONLY
)

# Django recommends both for every site; whether they fit is known to the owner of the domain alone.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
