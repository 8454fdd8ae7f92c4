"""The rows of lists of keys: made in one go for all rows of a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.caller import Scope
from accounts.models import ApiKey, KeyHealth
from accounts.models.api_key_states import health_of
from accounts.rights import within_rights_of
from infrastructure.moments import Moment

MOST_PATTERNS = 2
TONES = {
    KeyHealth.ACTIVE: "good",
    KeyHealth.EXPIRING: "warning",
    KeyHealth.UNUSED: "note",
    KeyHealth.REVOKED: "quiet",
    KeyHealth.EXPIRED: "quiet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """A key as a list shows it. Addresses are empty where they are not for the viewer."""

    id: UUID
    url: str
    name: str
    hint: str
    health: str
    tone: str
    person: str
    person_url: str
    opens: str
    last_used: Moment | None
    expires: Moment | None
    rotate_url: str
    revoke_url: str


def key_lines(keys: Iterable[ApiKey], viewer: Any) -> list[KeyLine]:
    """The lines of ``keys``, with one more query unless ``viewer`` is a superuser."""
    rows, now = list(keys), timezone.now()
    sees_people = viewer.has_perm("accounts.view_user")
    changes = viewer.has_perm("accounts.change_apikey")
    in_reach = _in_reach(rows, viewer) if changes else set()
    return [
        _line(
            key,
            now,
            person_url=_page("user", key.user_id) if sees_people else "",
            may_rotate=_may_rotate(key, viewer, in_reach),
            may_revoke=changes,
        )
        for key in rows
    ]


def opens(key: ApiKey) -> str:
    """What ``key`` may be used for, in a few words."""
    patterns = key.model_patterns[:MOST_PATTERNS]
    more = len(key.model_patterns) - len(patterns)
    models = ", ".join(patterns) + (f" and {more} more" if more else "")
    words = [models or "All models of its user"] if Scope.INFERENCE in key.scopes else []
    words += [f"scope {scope}" for scope in key.scopes if scope != Scope.INFERENCE]
    if key.may_speak_for_users:
        words.append("speaks for users")
    return ", ".join(words)


class KeyChangeList(ChangeList):
    """Django's, with the lines of its page and how many keys there are of each health."""

    lines: list[KeyLine]
    counts: list[tuple[str, str, int, bool]]
    viewer: Any  # the template of the rows does not know the request
    is_narrowed: bool

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        self.has_filters = False  # the chips have them
        self.viewer = request.user
        self.lines = key_lines(self.result_list, request.user)
        self.is_narrowed = bool(request.GET)
        self.chosen = chosen = request.GET.get("state", "")
        found = ApiKey.objects.all().counted_by_health()
        self.counts = [
            (health.value, health.label, found[health], health.value == chosen)
            for health in KeyHealth
        ]


def _in_reach(keys: list[ApiKey], viewer: Any) -> set[int]:
    """The users among those of ``keys`` for whom ``viewer`` may act."""
    people = {key.user_id for key in keys}
    if viewer.is_superuser:
        return people
    return set(within_rights_of(viewer).filter(pk__in=people).values_list("pk", flat=True))


def _may_rotate(key: ApiKey, viewer: Any, in_reach: set[int]) -> bool:
    """As ``rights.may_hold`` says of one key."""
    if (Scope.ADMIN in key.scopes or key.may_speak_for_users) and not viewer.is_superuser:
        return key.user_id == viewer.pk and key.user_id in in_reach
    return key.user_id in in_reach


def _line(
    key: ApiKey, now: datetime, *, person_url: str, may_rotate: bool, may_revoke: bool
) -> KeyLine:
    health = health_of(key, now)
    has_ended = health in {KeyHealth.REVOKED, KeyHealth.EXPIRED}
    return KeyLine(
        id=key.pk,
        url=_page("apikey", key.pk),
        name=key.name or "API key",
        hint=key.hint,
        health=health.label,
        tone=TONES[health],
        person=key.user.username,
        person_url=person_url,
        opens=opens(key),
        last_used=Moment.of(key.last_used_at, now=now) if key.last_used_at else None,
        expires=Moment.of(key.expires_at, now=now) if key.expires_at else None,
        rotate_url=_page("apikey", key.pk, "rotate") if may_rotate and not has_ended else "",
        revoke_url=_page("apikey", key.pk, "revoke") if may_revoke and not has_ended else "",
    )


def _page(model: str, pk: Any, page: str = "change") -> str:
    return reverse(f"admin:accounts_{model}_{page}", args=[pk])
