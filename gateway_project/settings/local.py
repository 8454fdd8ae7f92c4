"""One machine, nothing prepared: SQLite by default, and secrets made at the first start."""

from gateway_project.settings import base, environment, forms
from gateway_project.settings.base import *  # noqa: F403
from gateway_project.settings.findings import refuse
from gateway_project.settings.front import with_public_host
from gateway_project.settings.generated import usable_secrets
from gateway_project.settings.loopback import is_loopback
from gateway_project.settings.tls import *  # noqa: F403

_named = with_public_host(base.ALLOWED_HOSTS)
# What is no host is told of elsewhere, without its text.
_hosts = [host for host in _named if not forms.host_problem(host)]
if base.DEBUG and (others := [host for host in _hosts if not is_loopback(host)]):
    refuse(
        "DEBUG",
        f"DEBUG is on although ALLOWED_HOSTS names {', '.join(others)}. With DEBUG, error pages "
        "show how the gateway works: unset it, or name localhost alone.",
    )

_generated = usable_secrets(base.DATA_DIR)

SECRET_KEY = environment.text("SECRET_KEY") or _generated.secret_key
ENCRYPTION_KEYS = base.ENCRYPTION_KEYS or [_generated.encryption_key]
ALLOWED_HOSTS = with_public_host(base.ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"])
