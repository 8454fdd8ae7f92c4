"""The answer to "who is calling?", as the rest of Gatehouse sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """The purpose of a key. ``admin`` counts only while its user is staff, and as far as their
    permissions reach. ``keys`` makes, rotates and revokes keys of the same user.
    """

    INFERENCE = "inference"
    ADMIN = "admin"
    KEYS = "keys"


INFERENCE_ALONE = frozenset({Scope.INFERENCE})
SUPERUSER = "superuser"  # stands in place of a permission; no admin page can grant it


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One authenticated client, resolved from what it presented.

    ``is_staff`` callers may use every model. With a key that has the ``admin`` scope they may use
    those administrative endpoints for which they have Django's ``permissions``, written
    ``app.codename``; superusers have all without a list, and callers who are not staff none.
    ``model_patterns`` narrow the models the user may use; without any, all of
    them. ``is_resumable``: streams outlive their client unless a request says otherwise. ``key_id``
    and ``key_hint`` identify the key for logs and records; the key itself is not kept.
    ``may_speak_for_users`` is a mark of the key; users whom it names and who are unknown are made
    in the group ``unknown_users_group_id``, if there is one. ``spoken_for`` is the mail address by
    which such a key has named the user, who then is not the user of the key; else empty.
    """

    user_id: int
    username: str
    email: str
    display_name: str
    is_staff: bool
    group_ids: frozenset[int]
    key_id: UUID
    key_hint: str
    is_superuser: bool = False
    permissions: frozenset[str] = frozenset()
    scopes: frozenset[str] = INFERENCE_ALONE
    model_patterns: tuple[str, ...] = ()
    is_resumable: bool = False
    may_speak_for_users: bool = False
    unknown_users_group_id: int | None = None
    spoken_for: str = ""

    # DRF and Django read these from the object in place of the user.
    is_authenticated = True
    is_active = True

    @classmethod
    def system(cls) -> Caller:
        """The gateway itself, when it lists models or verifies a connection."""
        return cls(
            user_id=0,
            username="gatehouse",
            email="",
            display_name="Gatehouse",
            is_staff=True,
            group_ids=frozenset(),
            key_id=UUID(int=0),
            key_hint="",
        )

    @property
    def owner(self) -> str:
        """The name under which caps count: the same user with the same key."""
        return f"{self.user_id}:{self.key_id}"

    def has_scope(self, scope: Scope) -> bool:
        """Whether the key is for this. A user who is staff no longer has nothing to administer."""
        return scope in self.scopes and (self.is_staff or scope is not Scope.ADMIN)

    def has_permission(self, name: str) -> bool:
        """Whether the user has this permission of Django's, or is the superuser it asks for."""
        return self.is_superuser or name in self.permissions

    def may_administer(self, *permissions: str) -> bool:
        """Whether the key is for administration, and its user has all of ``permissions``."""
        return self.has_scope(Scope.ADMIN) and all(map(self.has_permission, permissions))

    @property
    def role(self) -> str:
        """``admin`` or ``user``: the two roles Open WebUI's headers and templates know."""
        return "admin" if self.is_staff else "user"
