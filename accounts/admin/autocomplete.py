"""The lists that fields complete names from: namesakes among users are told apart."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db.models import Model
from django.http import HttpRequest

from accounts.models import User


class AutocompleteView(AutocompleteJsonView):
    """Namesakes are told apart by what else is known of them."""

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        result = super().serialize_result(obj, to_field_name)
        return result | {"text": described(obj)} if isinstance(obj, User) else result


def described(user: User) -> str:
    """``ada (Ada Lovelace, ada@example.com)``."""
    known = [part for part in (user.get_full_name(), user.email) if part]
    states = [] if user.is_active else ["pending" if user.is_pending else "not active"]
    details = ", ".join([*known, *states])
    return f"{user.username} ({details})" if details else user.username


def autocomplete(request: HttpRequest) -> Any:
    return AutocompleteView.as_view(admin_site=admin.site)(request)
