"""What admins are told before they delete something: what ends with it, and what stays."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal
from django.http import HttpRequest

from accounts.admin.going import deleted_objects, holds_back

MOST_TOLD = 20
USAGE_STAYS = "Usage records stay, and are found by the names as they are now."

# Asks for sentences about `rows` of the sender that `viewer` is about to delete. They name nothing
# that the viewer's permissions do not show.
deletion_asked = Signal()


class TellsConsequences:
    """For a ``ModelAdmin``: the page that asks whether to delete says what that means."""

    admin_site: Any
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
        if rows:
            sender, viewer = type(rows[0]), request.user
            for _, sentences in deletion_asked.send(sender=sender, rows=rows, viewer=viewer):
                told += sentences or ()
        request.consequences = told  # type: ignore[attr-defined]
        if not rows or holds_back(type(rows[0])):
            return super().get_deleted_objects(objs, request)  # type: ignore[misc]
        return deleted_objects(rows, request, self.admin_site)


def counted(number: int, noun: str) -> str:
    """``1 key``, ``2,000 keys``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
