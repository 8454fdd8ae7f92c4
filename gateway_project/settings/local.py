"""One machine, nothing prepared: SQLite by default, and secrets made at the first start."""

from django.core.exceptions import ImproperlyConfigured

from gateway_project.settings import base, environment
from gateway_project.settings.base import *  # noqa: F403
from gateway_project.settings.front import with_public_host
from gateway_project.settings.generated import generated_secrets
from gateway_project.settings.loopback import is_loopback
from gateway_project.settings.tls import *  # noqa: F403

_named = with_public_host(base.ALLOWED_HOSTS)
if base.DEBUG and (others := [host for host in _named if not is_loopback(host)]):
    raise ImproperlyConfigured(
        f"DEBUG is on although ALLOWED_HOSTS names {', '.join(others)}. With DEBUG, error pages "
        "show how the gateway works: unset it, or name localhost alone."
    )

base.DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
_generated = generated_secrets(base.DATA_DIR)

SECRET_KEY = environment.text("SECRET_KEY") or _generated.secret_key
ENCRYPTION_KEYS = base.ENCRYPTION_KEYS or [_generated.encryption_key]
ALLOWED_HOSTS = with_public_host(base.ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"])
