"""The lists that fields complete names from: namesakes among users are told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect
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


class KnownSelect(AutocompleteSelect):
    """A field among many alike, whose chosen name is known already.

    Django's asks the database for the name in each row of a table. ``known`` gives names by ids.
    """

    def __init__(self, *args: Any, known: Callable[[], Mapping[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        chosen = [text for each in value if (text := str(each)) and each is not None]
        if not chosen:
            return [(None, [self.create_option(name, "", "", False, 0)], 0)]
        known = self.known()
        if any(text not in known for text in chosen):
            return super().optgroups(name, value, attr)
        options = [self.create_option(name, text, known[text], True, 1) for text in chosen]
        blank = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        return [(None, [*blank, *options], 0)]
