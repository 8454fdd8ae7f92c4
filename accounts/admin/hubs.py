"""Pages about a row that answer what an admin wants to know, before the form that changes it.

The address is the one that every link leads to; ``?edit=1`` behind it shows the form. A page asks
each room above for its part by the tags of its template.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

LOOKS = frozenset({"GET", "HEAD"})
FORM = frozenset({"edit", "_popup"})


class HasHub:
    """For a ``ModelAdmin``: ``hub_template`` in place of the form, until that is asked for."""

    hub_template: str

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        admin: Any = self
        is_look = request.method in LOOKS and FORM.isdisjoint(request.GET)
        row = admin.get_object(request, unquote(object_id)) if is_look else None
        if row is None:
            form: HttpResponse = super().change_view(  # type: ignore[misc]
                request, object_id, form_url, extra_context
            )
            return form
        if not admin.has_view_or_change_permission(request, row):
            raise PermissionDenied
        context = admin.admin_site.each_context(request) | {
            "title": str(row),
            "opts": admin.opts,
            "original": row,
            "may_change": admin.has_change_permission(request, row),
            "may_delete": admin.has_delete_permission(request, row),
            **self.hub(request, row),
        }
        return TemplateResponse(request, self.hub_template, context)

    def hub(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the template needs beside the row."""
        raise NotImplementedError
