"""The settings of ``make test``: cheap password hashes and no static files, all else as shipped."""

from gateway_project.settings import base
from gateway_project.settings.local import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A test's client begins with all middleware anew, which would list every static file each time.
# Gateways that tests start as processes serve these files.
SERVESTATIC_USE_FINDERS = SERVESTATIC_USE_STATIC_ROOT = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]

if base.DATABASE_IS_SQLITE:
    # A file, as in production: threads that share a database in memory lock each other out.
    base.DATABASES["default"]["TEST"] = {"NAME": str(base.DATA_DIR / "test.db")}

# The tests' client speaks plain HTTP, on PostgreSQL as well.
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SECURE_HSTS_SECONDS = 0
