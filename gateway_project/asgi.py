"""What an ASGI server imports. Django is set up first: what ``entry`` imports needs its apps."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
django.setup()

from gateway_project.entry import application  # noqa: E402

__all__ = ["application"]
