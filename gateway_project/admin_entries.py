"""The entries of the admin's side bar, and the pages of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import NoReverseMatch, get_script_prefix, reverse

from models_registry.registry import active, is_running

SUPERUSER = "superuser"


def address_of(name: str, *arguments: Any) -> str:
    """The address; empty where the page is missing."""
    return _address(name, arguments) if arguments else _address_below(get_script_prefix(), name)


# Each page of the admin asks for a hundred addresses, of which each takes 40 µs to find.
@lru_cache(maxsize=512)
def _address_below(_prefix: str, name: str) -> str:
    return _address(name, ())


def _address(name: str, arguments: tuple[Any, ...]) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``names`` are of its address, the first that is there counts. ``model`` is the one whose
    list it is, or whose form where there is one row alone; ``needs`` the permission, if any."""

    title: str
    names: tuple[str, ...]
    needs: str = ""
    model: str = ""
    is_form: bool = False

    @property
    def url(self) -> str:
        """The address; empty where the page is missing."""
        return next((url for name in self.names if (url := address_of(name))), "")

    def is_for(self, user: Any) -> bool:
        if self.needs == SUPERUSER:
            return bool(user.is_superuser)
        return not self.needs or bool(user.has_perm(self.needs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``badge`` tells how much waits there; nothing is shown for none. ``key`` names its tabs.
    ``beside`` are the names of its pages that are no tabs."""

    key: str
    title: str
    icon: str
    pages: tuple[Page, ...]
    badge: Callable[[], int] | None = None
    beside: tuple[str, ...] = ()


def listed(title: str, model: str, *, is_form: bool = False) -> Page:
    """The list of ``model``, written ``app.model``."""
    app, _, name = model.partition(".")
    return Page(
        title=title,
        names=(f"admin:{app}_{name}_changelist",),
        needs=f"{app}.view_{name}",
        model=model,
        is_form=is_form,
    )


def failing_connections() -> int:
    """As this worker knows it; no query."""
    if not is_running():
        return 0
    return sum(known.is_stale for known in active().listings.values())


SEE_MODELS = "models_registry.view_registeredmodel"
ENTRIES = (
    Entry(
        key="overview",
        title="Overview",
        icon="dashboard",
        pages=(Page(title="Overview", names=("admin:index",)),),
    ),
    Entry(
        key="requests",
        title="Requests",
        icon="receipt_long",
        pages=(
            listed("All requests", "usage.usagerow"),
            Page(title="Live", names=("live",), needs="proxy.view_live"),
        ),
    ),
    Entry(
        key="usage",
        title="Usage",
        icon="bar_chart",
        pages=(
            Page(title="Usage", names=("usage_charts",), needs="usage.view_usagerow"),
            listed("Prices", "usage.price"),
        ),
    ),
    Entry(
        key="connections",
        title="Connections",
        icon="hub",
        badge=failing_connections,
        pages=(
            listed("Connections", "connections.connection"),
            listed("Routes", "resilience.route"),
            listed("Policies", "resilience.resiliencepolicy"),
        ),
    ),
    Entry(
        key="models",
        beside=("model_page",),
        title="Models",
        icon="deployed_code",
        pages=(
            Page(title="All models", names=("admin:models_registry_models",), needs=SEE_MODELS),
            listed("Overrides", "models_registry.registeredmodel"),
            Page(
                title="Access",
                names=("admin:models_registry_access", "models_access"),
                needs="models_registry.view_modelgrant",
            ),
            listed("Rules", "models_registry.modelgrant"),
            listed("Access requests", "portal.accessrequest"),
        ),
    ),
    Entry(
        key="people",
        title="People",
        icon="group",
        pages=(
            listed("Users", "accounts.user"),
            listed("Groups", "auth.group"),
            listed("Keys", "accounts.apikey"),
            listed("Key policies", "portal.keypolicy"),
            listed("Group managers", "portal.groupmanager"),
            listed("Limits", "limits.limit"),
            listed("Alerts", "limits.limitalert"),
        ),
    ),
    Entry(
        key="settings",
        title="Settings",
        icon="tune",
        pages=(
            listed("Gateway", "connections.gatewaysettings", is_form=True),
            Page(title="Speech cache", names=("speech_cache",), needs=SUPERUSER),
            listed("History", "auditlog.logentry"),
        ),
    ),
)
# The tabs of one row, by titles and names of pages that take its id.
OF_ROWS = {
    "connections.connection": (
        ("Settings", "admin:connections_connection_change"),
        ("Models", "connection_models"),
        ("Traffic", "connection_traffic"),
        ("History", "admin:connections_connection_history"),
    ),
}
PORTAL = Page(title="Open portal", names=("portal:start",))
