"""Addresses of pages of other rooms."""

from __future__ import annotations

from typing import Any

from django.urls import reverse


def page_of(app: str, model: str, pk: Any, viewer: Any) -> str:
    """The page of a row, empty for a viewer who may not see it."""
    if not viewer.has_perm(f"{app}.view_{model}"):
        return ""
    return reverse(f"admin:{app}_{model}_change", args=[pk])
