"""The admin's page about the speech cache."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat, pluralize
from django.views.decorators.http import require_http_methods

from accounts.administration import NEEDS, SPEECH_CACHE
from audio.speech_cache import configured_store
from audio.speech_store import SpeechStore
from audio.tally import Counts, Tally


@require_http_methods(["GET", "POST"])
@permission_required(NEEDS[SPEECH_CACHE], raise_exception=True)
def speech_cache_page(request: HttpRequest) -> HttpResponse:
    """How large the cache is and how often it helped; a POST clears it. For superusers."""
    store = configured_store()
    tally = Tally(store.directory / "tally.json")
    if request.method == "POST":
        clear(request, store, tally)
        return redirect("speech_cache")
    context = admin.site.each_context(request) | {
        "title": "Speech cache",
        "facts": facts(store, tally.total()),
    }
    return render(request, "admin/speech_cache.html", context)


def clear(request: HttpRequest, store: SpeechStore, tally: Tally) -> None:
    """Remove all recordings, and say how that went."""
    try:
        removed = store.clear()
        tally.reset()
    except OSError as exc:
        messages.error(request, f"The cache cannot be cleared: {exc}")
        return
    messages.success(
        request,
        f"{removed.entries} recording{pluralize(removed.entries)} removed, "
        f"{filesizeformat(removed.bytes)}.",
    )


def facts(store: SpeechStore, counts: Counts) -> dict[str, str | int | Path]:
    """The values of the page, by the names in its template."""
    size = store.size()
    return {
        "State": "on" if settings.GATEWAY_SPEECH_CACHE else "off (GATEWAY_SPEECH_CACHE)",
        "Recordings": size.entries,
        "Size": f"{filesizeformat(size.bytes)} of {filesizeformat(store.max_bytes)}",
        "Hits": counts.hits,
        "Misses": counts.misses,
        "Hit rate": hit_rate(counts),
        "Directory": store.directory,
    }


def hit_rate(counts: Counts) -> str:
    asked = counts.hits + counts.misses
    return f"{counts.hits / asked:.0%}" if asked else "–"
