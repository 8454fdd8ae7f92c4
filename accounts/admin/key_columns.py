"""The list of API keys: its columns, of which a template fills the rows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from accounts.admin.key_lines import KeyChangeList, opens
from accounts.models import ApiKey
from accounts.models.api_key_states import health_of


class ListsKeys:
    """For the ``ModelAdmin`` of API keys. The methods give the heads of the columns their names."""

    list_display: Any = (
        *("health", "key", "person", "opens", "last_used", "thirty_days"),
        *("expires", "doing"),
    )
    list_display_links = None
    list_before_template = "admin/accounts/apikey/chips.html"
    list_after_template = "admin/accounts/apikey/after_list.html"
    list_select_related = ("user",)

    @display(description="State", ordering="revoked_at")
    def health(self, key: ApiKey) -> str:
        return health_of(key, timezone.now()).label

    @display(description="Key", ordering="name")
    def key(self, key: ApiKey) -> str:
        return str(key)

    @display(description="Opens")
    def opens(self, key: ApiKey) -> str:
        return opens(key)

    @display(description="Person", ordering="user__username")
    def person(self, key: ApiKey) -> str:
        return str(key.user)

    @display(description="Last used", ordering="last_used_at")
    def last_used(self, key: ApiKey) -> Any:
        return key.last_used_at

    @display(description="Expires", ordering="expires_at")
    def expires(self, key: ApiKey) -> Any:
        return key.expires_at

    @display(description="30 days")
    def thirty_days(self, key: ApiKey) -> str:
        """The room of usage, above this one, fills it."""
        return ""

    @display(description="Do")
    def doing(self, key: ApiKey) -> str:
        return ""

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        sees_usage = request.user.has_perm("usage.view_usagerow")
        return tuple(name for name in self.list_display if sees_usage or name != "thirty_days")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeyChangeList]:
        return KeyChangeList
