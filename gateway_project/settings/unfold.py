"""How the admin looks: its name and colours. ``gateway_project.sidebar`` has its entries."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

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
        "navigation": [
            {"title": "Portal", "link": reverse_lazy("portal:start")},
            {"title": "Second factors", "link": reverse_lazy("mfa_index")},
        ],
    },
    "DASHBOARD_CALLBACK": "gateway_project.overview.page.dashboard",
    "GLOBAL_CALLBACK": "gateway_project.sidebar.tabs_page",
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "gateway_project.sidebar.navigation",
    },
    "TABS": "gateway_project.sidebar.tabs",
}
