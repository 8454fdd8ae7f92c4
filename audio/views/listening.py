"""``POST /v1/audio/transcriptions`` and ``/v1/audio/translations``"""

from __future__ import annotations

from typing import Any

import orjson

from proxy.views.upload import UploadView
from usage.exchange import Exchange
from wire_formats.figures import told_seconds
from wire_formats.json_numbers import load_json
from wire_formats.token_counts import read_usage


class ListeningView(UploadView):
    """Speech in, text out, in whichever format the form asks the upstream for."""

    def take_usage(self, body: bytes, exchange: Exchange) -> None:
        """JSON answers tell tokens, or seconds where audio is billed by its length."""
        if not body.startswith(b"{"):
            return
        try:
            answer: Any = load_json(body)
        except orjson.JSONDecodeError:
            return
        usage = answer.get("usage")
        read_usage(usage, exchange.tokens)
        seconds = usage.get("seconds") if isinstance(usage, dict) else answer.get("duration")
        exchange.tokens.audio_seconds = told_seconds(seconds)


class TranscriptionsView(ListeningView):
    endpoint = "audio/transcriptions"


class TranslationsView(ListeningView):
    endpoint = "audio/translations"
