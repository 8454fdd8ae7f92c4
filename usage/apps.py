from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "usage"
    verbose_name = "Usage"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from models_registry.known_prices import known_prices

        known_prices.register(_prices)


def _prices(targets: Any) -> Any:
    # Imported late: the prices of models are slow to import, and few commands ask for them.
    from usage.prices_in_words import prices_of

    return prices_of(targets)
