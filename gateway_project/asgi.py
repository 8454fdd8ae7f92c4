"""What an ASGI server imports. Django is set up first: what ``entry`` imports needs its apps."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
django.setup()

from gateway_project.left_out import leave_out_unused  # noqa: E402

leave_out_unused()

from django.contrib import admin  # noqa: E402

from gateway_project.entry import application  # noqa: E402
from gateway_project.settings.logs import configure_structlog  # noqa: E402

# What commands put off and a server needs: before its first request, so that none waits for it.
configure_structlog()
admin.autodiscover()

__all__ = ["application"]
