"""The side bar: each entry leads to the first of its pages that one may see.

The other pages of an entry are tabs of them. Pages of rooms that are not there are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from gateway_project.admin_entries import ENTRIES, OF_ROWS, PORTAL, Entry, Page, address_of

FEWEST = 2  # tabs of a row: Django itself has a form and a history


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar for the person who asks, as the theme has it."""
    groups: list[dict[str, Any]] = [{"items": list(_items(request))}]
    if PORTAL.url:
        portal = {"title": PORTAL.title, "icon": "open_in_new", "link": PORTAL.url}
        groups.append({"separator": True, "items": [portal | {"active": False}]})
    return groups


def _items(request: HttpRequest) -> Iterator[dict[str, Any]]:
    open_entry = entry_of(request.path)
    for entry in ENTRIES:
        pages = _pages(entry, request)
        if not pages:
            continue
        item: dict[str, Any] = {"title": entry.title, "icon": entry.icon, "link": pages[0].url}
        item["active"] = entry is open_entry
        if entry.badge is not None and (number := entry.badge()):
            item |= {"badge": number, "badge_variant": "danger"}
        yield item


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The tabs of each entry with more than one page, for its lists and for its other pages."""
    open_page = page_of(request.path)
    of_entries = [
        {
            "page": entry.key,
            "models": [
                {"name": page.model, "detail": True} if page.is_form else page.model
                for page in entry.pages
                if page.model
            ],
            "items": [
                {"title": page.title, "link": page.url, "active": page is open_page}
                for page in pages
            ],
        }
        for entry in ENTRIES
        if len(pages := _pages(entry, request)) > 1
    ]
    return [*of_entries, *_tabs_of_row(request)]


def _tabs_of_row(request: HttpRequest) -> Iterator[dict[str, Any]]:
    """The tabs of the row whose page is open."""
    match = request.resolver_match
    found = match.kwargs if match else {}
    pk = found.get("object_id") or found.get("connection_id")
    for model, pages in OF_ROWS.items():
        links = [(title, address_of(name, pk)) for title, name in pages if pk]
        items = [
            {"title": title, "link": link, "active": link == request.path}
            for title, link in links
            if link
        ]
        if len(items) > FEWEST:
            yield {"models": [{"name": model, "detail": True}], "items": items}


def tabs_page(request: HttpRequest) -> dict[str, Any]:
    """Which tabs a page has that is no list of the admin's, for templates."""
    found = page_of(request.path)
    if found is None or found.url != request.path:
        return {}
    entry = next(entry for entry in ENTRIES if found in entry.pages)
    return {"tabs_page": entry.key}


def page_of(path: str) -> Page | None:
    """The page at this address, or the one that it is below of."""
    found = [
        (len(page.url), page)
        for entry in ENTRIES
        for page in entry.pages
        if page.url and path.startswith(page.url)
    ]
    home = reverse("admin:index")
    fitting = [(length, page) for length, page in found if page.url != home or path == home]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def entry_of(path: str) -> Entry | None:
    """The entry that the page at this address belongs to."""
    page = page_of(path)
    beside = (entry for entry in ENTRIES if path in map(address_of, entry.beside))
    return next((entry for entry in ENTRIES if page in entry.pages), next(beside, None))


def _pages(entry: Entry, request: HttpRequest) -> list[Page]:
    return [page for page in entry.pages if page.url and page.is_for(request.user)]
