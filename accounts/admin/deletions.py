"""What admins are told so that they know whom they choose, and what a deletion takes along."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db.models import Model
from django.dispatch import Signal
from django.http import HttpRequest

from accounts.models import User

MOST_TOLD = 20
USAGE_STAYS = "Usage records stay, and are found by the names as they are now."

# Asks other rooms for sentences about `rows` of the sender that are about to be deleted.
deletion_asked = Signal()


class TellsWhatStays:
    """For a ``ModelAdmin``: the page that asks whether to delete says what that means."""

    delete_confirmation_template: Any = "admin/delete_with_consequences.html"
    delete_selected_confirmation_template: Any = "admin/delete_selected_with_consequences.html"

    def consequences(self, row: Any) -> str:
        """What else the deletion of ``row`` brings about, and what it leaves."""
        raise NotImplementedError

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        rows = list(objs)
        told = [f"{row}: {self.consequences(row)}" for row in rows[:MOST_TOLD]]
        if len(rows) > MOST_TOLD:
            told.append(f"The same holds for {len(rows) - MOST_TOLD} more.")
        for _, sentences in deletion_asked.send(sender=type(rows[0]), rows=rows) if rows else ():
            told += sentences or ()
        request.consequences = told  # type: ignore[attr-defined]
        return super().get_deleted_objects(objs, request)  # type: ignore[misc]


class TellingAutocompleteView(AutocompleteJsonView):
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
    return TellingAutocompleteView.as_view(admin_site=admin.site)(request)


def counted(number: int, noun: str) -> str:
    """``1 key``, ``2 keys``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
