import pytest

from gateway_project.settings.near_misses import READ_BY_MAKE_RUN, near_misses
from tests.gateway_project.test_configuration_document import READ

KNOWN = READ | READ_BY_MAKE_RUN


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GATEWAY_STREAM_IDEL_TIMEOUT", "GATEWAY_STREAM_IDLE_TIMEOUT"),
        ("GATEWAY_STREAM_IDLE_TIMEOUT_SECONDS", "GATEWAY_STREAM_IDLE_TIMEOUT"),
        ("gateway_filters", "GATEWAY_FILTERS"),
        ("GATEWAY-FILTERS", "GATEWAY_FILTERS"),
        ("OPENAI_API_BASE_URLs", "OPENAI_API_BASE_URLS"),
        ("OPENAI_API_CONFIG", "OPENAI_API_CONFIGS"),
        ("OPENAI_APIKEY", "OPENAI_API_KEY"),
        ("OIDC_CLIENT_SECRETS", "OIDC_CLIENT_SECRET"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("REDIS_URI", "REDIS_URL"),
        ("ENCRYPTION_KEY", "ENCRYPTION_KEYS"),
        ("ALLOWED_HOST", "ALLOWED_HOSTS"),
        ("SECRETKEY", "SECRET_KEY"),
    ],
)
def test_near_miss_is_told(name, meant):
    assert list(near_misses([name], KNOWN)) == [(name, meant)]


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "HOSTNAME",
        "HOME",
        "XDG_DATA_DIRS",
        "PORTS",
        "OPENAI_API_KEY_TEAM",
        "OPENAI_API_KEY_2",
        "AZURE_OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GATEWAY_SERVICE_HOST",
        "GATEWAY_PORT_8000_TCP_ADDR",
        "AIOHTTP_CLIENT_TIMEOUT_TOOL_SERVER_DATA",
        "AIOHTTP_CLIENT_TIMEOUT_OPENAI_MODEL_LIST",
        "DJANGO_SETTINGS_MODULE",
        "OTEL_SERVICE_NAME",
    ],
)
def test_other_names_are_not(name):
    assert list(near_misses([name], KNOWN)) == []


def test_names_that_are_read_are_no_near_misses():
    assert list(near_misses(KNOWN, KNOWN)) == []
