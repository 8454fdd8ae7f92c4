"""What error pages show while ``DEBUG`` is on: how the error came about, without secrets.

Django hides a setting by its name, such as one with KEY in it. Ours often hide in what names a
place: a URL, a proxy, the location of a cache. What no name gives away is censored as in the log.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.http.request import QueryDict
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from gateway_project.settings.censoring import censored

SHOWN_AS_THEY_ARE = (dict, list, tuple, bool, int, float, type(None), Path)


class CensoringFilter(SafeExceptionReporterFilter):
    """Django's, with more names, with a look at values, and in force although ``DEBUG`` is on."""

    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|PWD|SIGN|COOKIE|SESSION|CSRF|CREDENTIAL|CERT|PRIVATE|SALT"
        "|PEPPER|URL|URI|DSN|PROXY|PROXIES|LOCATION|ENDPOINT|CACHES|DATABASES|CHANNEL_LAYERS|REDIS"
        "|OIDC|SOCIALACCOUNT|JWT|PROMPT|PATTERN|QUERY_STRING|CONFIGS|^CODE$|LOGIN",
        flags=re.IGNORECASE,
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        cleansed = super().cleanse_setting(key, value)
        if isinstance(cleansed, SHOWN_AS_THEY_ARE):
            return cleansed  # its values have been cleansed already
        return censored(cleansed if isinstance(cleansed, str) else repr(cleansed))

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, str]:
        return dict.fromkeys(getattr(request, "COOKIES", {}), self.cleansed_substitute)

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        posted = super().get_post_parameters(request)
        return {name: self.cleanse_setting(name, value) for name, value in posted.items()}

    def get_traceback_frame_variables(self, request: Any, tb_frame: FrameType) -> Any:
        """Form data is not shown in another shape, either."""
        found = super().get_traceback_frame_variables(request, tb_frame)
        return [
            (name, self.cleansed_substitute if isinstance(value, QueryDict) else value)
            for name, value in found
        ]


class CensoringReporter(ExceptionReporter):
    """Django's, with a last look at what no filter of Django's is asked about."""

    def get_traceback_data(self) -> dict[str, Any]:
        data: dict[str, Any] = super().get_traceback_data()
        for frame in data["frames"]:
            frame["vars"] = [(name, self._shown(name, value)) for name, value in frame["vars"]]
        for name in ("exception_value", "exception_notes", "request_insecure_uri"):
            if name in data:
                data[name] = censored(data[name])
        if "request_GET_items" in data:
            items = data["request_GET_items"]
            data["request_GET_items"] = [(name, self._shown(name, value)) for name, value in items]
        return data

    def _shown(self, name: str, value: str) -> Any:
        return self.filter.cleanse_setting(name, value)
