"""Django's admin, whose pages are gathered once something asks for them.

Gathering imports all that the pages need, which takes longer than most commands.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class AdminConfig(SimpleAdminConfig):
    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_pages, checks.Tags.admin)


def check_pages(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Django's checks of the pages, of which there are none before they are gathered."""
    admin.autodiscover()
    return check_admin_app(app_configs, **kwargs)
