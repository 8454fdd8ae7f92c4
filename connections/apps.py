from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.signals import setting_changed

from wire_formats.json_cost import limit_units


class ConnectionsConfig(AppConfig):
    name = "connections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from connections import checks, signals  # noqa: F401

        limit_units(settings.GATEWAY_MAX_JSON_STRUCTURE)
        setting_changed.connect(_limit_json)


def _limit_json(*, setting: str, value: Any, **_kwargs: Any) -> None:
    if setting == "GATEWAY_MAX_JSON_STRUCTURE":
        limit_units(value)
