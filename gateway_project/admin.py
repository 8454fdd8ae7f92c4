"""The admin's pages of the wiring."""

from django.contrib import admin

from gateway_project.history.admin import HistoryAdmin
from gateway_project.palette import search_page

# Before the URLs are made, which take the theme's otherwise.
admin.site.search = search_page  # type: ignore[attr-defined]

__all__ = ["HistoryAdmin"]
