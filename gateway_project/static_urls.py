"""URLs of static files, below the path that the request at hand came by."""

from __future__ import annotations

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.urls import get_script_prefix


class StaticFiles(StaticFilesStorage):
    """Django reads the path once, at the first request; proxies tell it with each."""

    def url(self, name: str | None) -> str:
        return get_script_prefix() + super().url(name).removeprefix("/")
