"""What every environment shares."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote

from gateway_project.private_files import close_to_others
from gateway_project.settings import environment, forms
from gateway_project.settings.alerts import *  # noqa: F403
from gateway_project.settings.caps import *  # noqa: F403
from gateway_project.settings.database import usable_database
from gateway_project.settings.environment import BASE_DIR
from gateway_project.settings.front import *  # noqa: F403
from gateway_project.settings.history import *  # noqa: F403
from gateway_project.settings.key_files import *  # noqa: F403
from gateway_project.settings.logs import LEVELS, logging_config
from gateway_project.settings.outgoing import *  # noqa: F403
from gateway_project.settings.sign_in import *  # noqa: F403
from gateway_project.settings.sign_in import SIGN_IN_APPS
from gateway_project.settings.unfold import UNFOLD  # noqa: F401

close_to_others()  # whatever the process is: a server, one of its workers, a command

DEBUG: bool = environment.switch("DEBUG", default=False)
DATA_DIR = (BASE_DIR / environment.text("DATA_DIR", "var")).resolve()
DATABASE_URL = environment.url("DATABASE_URL", "postgres", "postgresql", "psql", "pgsql", "sqlite")
DATABASE_IS_SQLITE: bool = not DATABASE_URL or DATABASE_URL.startswith("sqlite")
REDIS_URL = environment.url(
    "REDIS_URL", "redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"
)
ALLOWED_HOSTS = environment.items("ALLOWED_HOSTS", form=forms.host_problem)
CSRF_TRUSTED_ORIGINS = environment.items("CSRF_TRUSTED_ORIGINS", form=forms.origin_problem)
ENCRYPTION_KEYS = environment.items("ENCRYPTION_KEYS", form=forms.encryption_key_problem)

ROOT_URLCONF = "gateway_project.urls"
API_URLCONF = "gateway_project.api_urls"
ASGI_APPLICATION = "gateway_project.asgi.application"
AUTH_USER_MODEL = "accounts.User"
LOGIN_REDIRECT_URL = "portal:start"
USE_TZ = True
GATEWAY_TIME_ZONE = TIME_ZONE = environment.time_zone("GATEWAY_TIME_ZONE")
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["gateway_project.formats"]
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "gateway_project.static_urls.StaticFiles"},
}
STATIC_ROOT = BASE_DIR / "staticfiles"
SERVESTATIC_USE_FINDERS = True
# What collectstatic gathers is for a web server of another user, whatever this process' umask.
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "gateway_project.admin_app.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "channels",
    "auditlog",
    *SIGN_IN_APPS,
    "accounts",
    "connections",
    "resilience",
    "models_registry",
    "usage",
    "limits",
    "proxy",
    "audio",
    "portal",
    "gateway_project",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "gateway_project.content_security.ContentSecurityPolicy",
    "gateway_project.page_cookies.PageCookies",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "gateway_project.history.middleware.TellOrigin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.sign_in.refusals.TellTooManyTries",
    "accounts.sign_in.second_factors.RequireStaffMfa",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gateway_project.unstorable_numbers.RefuseUnstorableNumbers",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

DATABASES: dict[str, Any] = {
    "default": usable_database(
        DATABASE_URL, fallback=f"sqlite:///{quote(str(DATA_DIR / 'gatehouse.db'))}"
    )
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

if REDIS_URL:
    from infrastructure.redis_servers import channel_host  # slow to import

    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": [REDIS_URL],  # a text would be taken apart at its commas
            "KEY_PREFIX": "gatehouse",
            "OPTIONS": {
                "CLIENT_CLASS": "gateway_project.cache_entries.CacheClient",
                "CONNECTION_FACTORY": "gateway_project.cache_connections.CacheConnections",
                "SERIALIZER": "gateway_project.cache_entries.SignedJsonSerializer",
                "SOCKET_CONNECT_TIMEOUT": 1,
                "SOCKET_TIMEOUT": 1,
                "IGNORE_EXCEPTIONS": True,  # a cache that is down is a cache that misses
            },
        }
    }
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # A socket timeout would end every consumer that waits longer for its first message.
            "CONFIG": {"hosts": [channel_host(REDIS_URL, socket_timeout=None)]},
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # The cache counts the tries to sign in. Django's default of 300 entries would let a
            # stranger with a few hundred addresses push the counts out.
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None, "UNAUTHENTICATED_TOKEN": None}
LOG_FORMAT = environment.choice(
    "LOG_FORMAT", ("console", "json") if sys.stderr.isatty() else ("json", "console")
)
LOG_LEVEL = environment.choice("LOG_LEVEL", LEVELS)
LOGGING_CONFIG = "gateway_project.settings.logs.configure"
LOGGING = logging_config(LOG_FORMAT, LOG_LEVEL)

DEFAULT_EXCEPTION_REPORTER = "gateway_project.debug_pages.CensoringReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "gateway_project.debug_pages.CensoringFilter"

# The names of Open WebUI, with its meaning and defaults.
ENABLE_OPENAI_API = environment.switch("ENABLE_OPENAI_API", default=True)
OPENAI_API_BASE_URLS = environment.items("OPENAI_API_BASE_URLS", separator=";", keep_empty=True)
OPENAI_API_BASE_URL = environment.text("OPENAI_API_BASE_URL")
OPENAI_API_KEYS = environment.items(
    "OPENAI_API_KEYS", separator=";", keep_empty=True, are_tokens=True
)
OPENAI_API_KEY = environment.token("OPENAI_API_KEY")
OPENAI_API_CONFIGS = environment.mapping("OPENAI_API_CONFIGS")
AIOHTTP_CLIENT_TIMEOUT = environment.number("AIOHTTP_CLIENT_TIMEOUT", default=300, minimum=1)
AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST = environment.number(
    "AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST", default=10, minimum=0.1
)
AIOHTTP_CLIENT_SESSION_SSL = environment.text(
    "AIOHTTP_CLIENT_SESSION_SSL", "true", form=forms.tls_problem
)
MODELS_CACHE_TTL = environment.number("MODELS_CACHE_TTL", default=1)
BYPASS_MODEL_ACCESS_CONTROL = environment.switch("BYPASS_MODEL_ACCESS_CONTROL", default=False)
ENABLE_FORWARD_USER_INFO_HEADERS = environment.switch(
    "ENABLE_FORWARD_USER_INFO_HEADERS", default=False
)

# Our own.
GATEWAY_SHORT_ROAD = environment.switch("GATEWAY_SHORT_ROAD", default=True)
GATEWAY_PIPELINES_HOLD_STREAMS = environment.switch("GATEWAY_PIPELINES_HOLD_STREAMS", default=False)
GATEWAY_ALLOW_PRIVATE_UPSTREAMS = environment.switch(
    "GATEWAY_ALLOW_PRIVATE_UPSTREAMS", default=True
)
GATEWAY_ENTRA_SCOPE = environment.text(
    "GATEWAY_ENTRA_SCOPE", "https://cognitiveservices.azure.com/.default"
)

# Hosts that may receive tokens of the gateway's identity, and scopes of these, beside Azure's.
GATEWAY_IDENTITY_HOSTS = environment.items("GATEWAY_IDENTITY_HOSTS")
GATEWAY_IDENTITY_SCOPES = environment.items("GATEWAY_IDENTITY_SCOPES")

GATEWAY_ATTRIBUTION_URL = environment.text("GATEWAY_ATTRIBUTION_URL", "https://gatehouse.example")
GATEWAY_ATTRIBUTION_TITLE = environment.prose("GATEWAY_ATTRIBUTION_TITLE", "Gatehouse")
GATEWAY_FILTERS = environment.items("GATEWAY_FILTERS")
GATEWAY_SYSTEM_PROMPT_PREFIX = environment.prose("GATEWAY_SYSTEM_PROMPT_PREFIX")
GATEWAY_REDACTED_PATTERNS = environment.lines("GATEWAY_REDACTED_PATTERNS")
GATEWAY_REDACTION_TEXT = environment.prose("GATEWAY_REDACTION_TEXT", "[redacted]")
GATEWAY_REDACTION_WINDOW = environment.whole_number(
    "GATEWAY_REDACTION_WINDOW", default=100, minimum=1
)
GATEWAY_PASSTHROUGH = environment.switch("GATEWAY_PASSTHROUGH", default=False)
GATEWAY_USER_INFO_HEADER_PREFIX = environment.text("GATEWAY_USER_INFO_HEADER_PREFIX", "X-OpenWebUI")
GATEWAY_USER_INFO_JWT_SECRET = environment.text("GATEWAY_USER_INFO_JWT_SECRET")
GATEWAY_USER_INFO_JWT_HEADER = environment.text("GATEWAY_USER_INFO_JWT_HEADER", "X-Gateway-User")
GATEWAY_USER_INFO_JWT_SECONDS = environment.number(
    "GATEWAY_USER_INFO_JWT_SECONDS", default=300, minimum=1
)
GATEWAY_QUERY_KEYS = environment.switch("GATEWAY_QUERY_KEYS", default=False)
GATEWAY_LIST_EVERY_MODEL = environment.switch("GATEWAY_LIST_EVERY_MODEL", default=False)
GATEWAY_CORS_ORIGINS = environment.items("GATEWAY_CORS_ORIGINS", form=forms.cors_origin_problem)
GATEWAY_ACCESS_LOG = environment.switch("GATEWAY_ACCESS_LOG", default=True)
GATEWAY_METRICS_TOKEN = environment.token("GATEWAY_METRICS_TOKEN")
# OpenTelemetry's own variables say where spans go.
GATEWAY_OTEL = environment.switch(
    "GATEWAY_OTEL", default=bool(environment.text("OTEL_EXPORTER_OTLP_ENDPOINT"))
)
GATEWAY_USAGE_JOURNAL = environment.choice("GATEWAY_USAGE_JOURNAL", ("files", "redis"))
GATEWAY_USAGE_SYNC = environment.choice("GATEWAY_USAGE_SYNC", ("never", "interval", "always"))
GATEWAY_ERROR_TEXT_DAYS = environment.whole_number(
    "GATEWAY_ERROR_TEXT_DAYS", default=14, maximum=environment.MOST_DAYS
)
GATEWAY_PLAYGROUND = environment.switch("GATEWAY_PLAYGROUND", default=True)
GATEWAY_SPEECH_CACHE = environment.switch("GATEWAY_SPEECH_CACHE", default=True)
GATEWAY_SPEECH_CACHE_DIR = environment.text("GATEWAY_SPEECH_CACHE_DIR", str(DATA_DIR / "speech"))
GATEWAY_SPEECH_CACHE_PER_USER = environment.switch("GATEWAY_SPEECH_CACHE_PER_USER", default=True)
