from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from accounts.management.command import GatehouseCommand, add_json_argument
from audio.speech_cache import configured_store
from audio.speech_store import SpeechStore
from audio.tally import Tally


class Command(GatehouseCommand):
    help = "Show or clear the cache of speech."
    examples = (
        "stats",
        "clear",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=("stats", "clear"))
        add_json_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        store = configured_store()
        tally = Tally(store.directory / "tally.json")
        if options["action"] == "stats":
            self.say(stats(store, tally), as_json=options["json"])
            return
        try:
            removed = store.clear()
            tally.reset()
        except OSError as exc:
            raise CommandError(f"The cache cannot be cleared: {exc}") from exc
        cleared = {"removed_entries": removed.entries, "removed_bytes": removed.bytes}
        self.say(cleared, as_json=options["json"])

    def say(self, facts: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.write_json(facts)
            return
        for name, value in facts.items():
            self.stdout.write(f"{name.replace('_', ' '):<16}{value}")


def stats(store: SpeechStore, tally: Tally) -> dict[str, Any]:
    """The size of the cache, its cap, and its hits and misses."""
    size, counts = store.size(), tally.total()
    return {
        "enabled": settings.GATEWAY_SPEECH_CACHE,
        "directory": str(store.directory),
        "entries": size.entries,
        "bytes": size.bytes,
        "max_bytes": store.max_bytes,
        "hits": counts.hits,
        "misses": counts.misses,
    }
