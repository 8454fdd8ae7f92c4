"""The pages of errors while DEBUG is on."""

import sys

import pytest
from django.test import RequestFactory
from django.views.debug import get_exception_reporter_class

from gateway_project.debug_pages import CensoringFilter

CANARY = "canary-1d4e"


def page(request, *, is_html=True):
    local = f"https://u:{CANARY}@host/"  # noqa: F841 - shown as a local variable
    password = CANARY  # noqa: F841
    nested = {"url": f"redis://:{CANARY}@cache", "api_key": CANARY}  # noqa: F841
    posted = request.POST  # noqa: F841
    try:
        raise RuntimeError(f"https://host/?api-key={CANARY}")  # noqa: TRY301
    except RuntimeError:
        reporter = get_exception_reporter_class(request)(request, *sys.exc_info())
    return reporter.get_traceback_html() if is_html else reporter.get_traceback_text()


@pytest.mark.parametrize("is_html", [True, False])
def test_no_secret_is_shown(settings, is_html):
    settings.DEBUG = True
    settings.DATABASES["default"] = settings.DATABASES["default"] | {"PASSWORD": CANARY}
    settings.REDIS_URL = f"redis://:{CANARY}@cache"
    settings.DATABASE_URL = f"postgres://u:{CANARY}@db/x"
    settings.CACHES = {"default": {"BACKEND": "x", "LOCATION": f"redis://:{CANARY}@cache"}}
    settings.GATEWAY_UPSTREAM_PROXY = f"http://u:{CANARY}@proxy"
    settings.OPENAI_API_BASE_URLS = [f"https://u:{CANARY}@host"]
    settings.GATEWAY_OTHER = f"https://u:{CANARY}@host"
    settings.GATEWAY_LIST = [f"sk-gw-{CANARY}"]
    request = RequestFactory(
        headers={
            "Authorization": f"Bearer {CANARY}",
            "X-Api-Key": CANARY,
            "Referer": f"https://x/?k={CANARY}",
        }
    ).post(f"/x/?code={CANARY}&api-key={CANARY}", {"password": CANARY, "note": f"sk-gw-{CANARY}"})
    request.COOKIES = {"sessionid": CANARY, "other": CANARY}
    shown = page(request, is_html=is_html)
    assert "RuntimeError" in shown
    assert CANARY not in shown


@pytest.mark.parametrize(
    "name",
    ["REDIS_URL", "GATEWAY_UPSTREAM_PROXY", "LOCATION", "CACHES", "DATABASES", "CHANNEL_LAYERS"],
)
def test_places_are_hidden(name):
    assert CensoringFilter().cleanse_setting(name, "x") == CensoringFilter.cleansed_substitute


def test_what_is_no_secret_is_shown():
    shown = CensoringFilter().cleanse_setting("LIMITS", {"a": 1, "b": ["c", None]})
    assert shown == {"a": 1, "b": ["c", None]}


def test_a_request_is_not_needed(settings):
    settings.DEBUG = True
    assert CensoringFilter().get_post_parameters(None) == {}
