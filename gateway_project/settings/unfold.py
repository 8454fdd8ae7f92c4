"""How the admin looks: its name, colours and side bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy


def may_view(permission: str) -> Callable[[HttpRequest], bool]:
    """Whether the side bar shows an entry to the person who asks."""
    return lambda request: request.user.has_perm(permission)


def is_registered_models(request: HttpRequest) -> bool:
    """Whether this is the list of registered models, or a page below it but for "All models"."""
    path = request.path
    below = path.startswith(reverse("admin:models_registry_registeredmodel_changelist"))
    return below and path != reverse("admin:models_registry_models")


def entry(title: str, icon: str, model: str) -> dict[str, Any]:
    """A side bar entry for the list of ``model``, written ``app.model``."""
    app_label, _, model_name = model.partition(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app_label}_{model_name}_changelist"),
        "permission": may_view(f"{app_label}.view_{model_name}"),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Gatehouse",
    "SITE_HEADER": "Gatehouse",
    "SITE_SUBHEADER": "AI gateway",
    "SITE_SYMBOL": "castle",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("gateway_project/icon.svg"),
        }
    ],
    "STYLES": [lambda _request: static("gateway_project/admin.css")],
    "SCRIPTS": [lambda _request: static("gateway_project/field_names.js")],
    "SHOW_BACK_BUTTON": True,
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(65% .12 182.503)",
            "600": "oklch(52% .095 184.704)",
            "700": "oklch(45% .082 186.391)",
            "800": "oklch(40% .07 188.216)",
            "900": "oklch(35% .058 188.416)",
            "950": "oklch(27.7% .046 192.524)",
        }
    },
    "ACCOUNT": {
        "navigation": [{"title": "Second factors", "link": reverse_lazy("mfa_index")}],
    },
    "COMMAND": {"search_callback": "gateway_project.palette.find"},
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "People & keys",
                "items": [
                    entry("Users", "person", "accounts.user"),
                    entry("Groups", "group", "auth.group"),
                    entry("API keys", "key", "accounts.apikey"),
                ],
            },
            {
                "title": "Connections",
                "items": [entry("Connections", "hub", "connections.connection")],
            },
            {
                "title": "Models",
                "items": [
                    {
                        "title": "All models",
                        "icon": "list",
                        "link": reverse_lazy("admin:models_registry_models"),
                        "permission": may_view("models_registry.view_registeredmodel"),
                    },
                    entry("Registered models", "deployed_code", "models_registry.registeredmodel")
                    | {"active": is_registered_models},
                    entry("Model grants", "rule", "models_registry.modelgrant"),
                    entry("Routes", "alt_route", "resilience.route"),
                    entry("Policies", "policy", "resilience.resiliencepolicy"),
                ],
            },
            {
                "title": "Limits",
                "items": [
                    entry("Limits", "speed", "limits.limit"),
                    entry("Alerts", "notifications", "limits.limitalert"),
                ],
            },
            {
                "title": "Traffic",
                "items": [
                    {
                        "title": "Usage",
                        "icon": "bar_chart",
                        "link": reverse_lazy("usage_charts"),
                        "permission": may_view("usage.view_usagerow"),
                    },
                    entry("Requests", "receipt_long", "usage.usagerow"),
                    entry("Prices", "payments", "usage.price"),
                    {
                        "title": "Live requests",
                        "icon": "monitor_heart",
                        "link": reverse_lazy("live"),
                        "permission": may_view("proxy.view_live"),
                    },
                ],
            },
            {
                "title": "Settings",
                "items": [
                    entry("Gateway settings", "tune", "connections.gatewaysettings"),
                    {
                        "title": "Speech cache",
                        "icon": "graphic_eq",
                        "link": reverse_lazy("speech_cache"),
                        "permission": lambda request: request.user.is_superuser,
                    },
                ],
            },
        ],
    },
}
