"""The switches of the gateway as a value: the environment's, unless an admin set them otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from connections.models import GatewaySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    enable_openai_api: bool
    bypass_model_access_control: bool
    models_cache_ttl: float
    forward_user_info_headers: bool


def effective_options() -> Options:
    """Reads the database."""
    stored = GatewaySettings.load()
    return Options(
        enable_openai_api=_either(stored.enable_openai_api, settings.ENABLE_OPENAI_API),
        bypass_model_access_control=_either(
            stored.bypass_model_access_control, settings.BYPASS_MODEL_ACCESS_CONTROL
        ),
        models_cache_ttl=_either(stored.models_cache_ttl, settings.MODELS_CACHE_TTL),
        forward_user_info_headers=_either(
            stored.forward_user_info_headers, settings.ENABLE_FORWARD_USER_INFO_HEADERS
        ),
    )


def _either(stored: Any, from_environment: Any) -> Any:
    return from_environment if stored is None else stored
