"""The keys of users, and what they were before a rotation."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import keys
from accounts.caller import Scope
from accounts.models.api_key_states import ApiKeyQuerySet, KeyState
from accounts.models.stored_secret import api_key_pepper
from accounts.models.users import User

DEFAULT_OVERLAP = timedelta(hours=24)


class KeyEndedError(Exception):
    """The key is revoked or has expired, for good. The message is safe to show."""


def inference_alone() -> list[str]:
    return [str(Scope.INFERENCE)]


def validate_scopes(value: Any) -> None:
    if not isinstance(value, list) or not value or not set(value) <= set(Scope):
        raise ValidationError(f"Choose one or more of: {', '.join(Scope)}.")


def validate_model_patterns(value: Any) -> None:
    if not isinstance(value, list) or not all(
        isinstance(pattern, str) and pattern and pattern.isprintable() for pattern in value
    ):
        raise ValidationError("Give a list of model ids or patterns, such as openai/*.")


class ApiKeyManager(models.Manager.from_queryset(ApiKeyQuerySet)):  # type: ignore[misc]
    def issue(
        self,
        user: User,
        *,
        name: str = "",
        lifetime: timedelta | None = None,
        scopes: Iterable[str] = (),
        model_patterns: Iterable[str] = (),
        is_resumable: bool = False,
        may_speak_for_users: bool = False,
        unknown_users_group: Group | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key for ``user``: the row, and the key in the clear, which is not stored.

        Without ``scopes`` it calls models and no more, whoever the user is. Raises
        ``ValidationError`` for scopes that the user may not have.
        """
        row = self.model(
            user=user,
            name=name,
            expires_at=timezone.now() + lifetime if lifetime else None,
            scopes=sorted(set(scopes)) or inference_alone(),
            model_patterns=list(model_patterns),
            is_resumable=is_resumable,
            may_speak_for_users=may_speak_for_users,
            unknown_users_group=unknown_users_group,
        )
        key = row.assign_key()
        row.clean_fields()
        row.clean()
        row.save(force_insert=True)
        return row, key


class ApiKey(models.Model):
    """One credential of a user. Only its keyed digest is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, blank=True, help_text="What the key is used for.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=20, editable=False)
    scopes = models.JSONField(
        default=inference_alone,
        validators=[validate_scopes],
        help_text="inference calls models; admin uses the administrative endpoints, for staff.",
    )
    model_patterns = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_model_patterns],
        help_text="Narrow the key to these model ids; * stands for any characters. "
        "Empty: all that its user may use.",
    )
    is_resumable = models.BooleanField(
        "streams can be resumed",
        default=False,
        help_text="Streamed chats go on when their client's connection breaks, and are kept for a "
        "while, unless a request asks for the opposite.",
    )
    # `db_default`: the version before may still write rows during an upgrade.
    may_speak_for_users = models.BooleanField(
        default=False,
        db_default=False,
        help_text="For Open WebUI with ENABLE_FORWARD_USER_INFO_HEADERS: each request is "
        "authorised, limited and recorded as the user whose mail address it names. The holder of "
        "such a key can call models as any user.",
    )
    unknown_users_group = models.ForeignKey(
        Group,
        on_delete=models.SET_NULL,  # unknown users are refused then
        null=True,
        blank=True,
        related_name="+",
        help_text="Users whom such a key names and who are unknown are made, in this group. "
        "Empty: they are refused.",
    )
    # Only its further secrets are ever known: the tokens of accounts.playground_tokens.
    is_playground = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)

    objects: ClassVar[ApiKeyManager] = ApiKeyManager()

    class Meta:
        verbose_name = "API key"
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("created_at")),
                name="accounts_apikey_expires_after_creation",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(is_playground=True),
                name="accounts_apikey_one_playground",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name or 'API key'} ({self.hint})"

    def clean(self) -> None:
        is_of_staff = self.user_id is not None and self.user.is_staff
        if Scope.ADMIN in self.scopes and not is_of_staff:
            raise ValidationError({"scopes": "Only the keys of staff may have the scope admin."})
        # Without a field: staff who are no superusers do not have these in their form.
        if self.may_speak_for_users and Scope.ADMIN in self.scopes:
            raise ValidationError("A key that may speak for users cannot have the scope admin.")
        if self.is_playground and (self.may_speak_for_users or self.scopes != inference_alone()):
            raise ValidationError("The key of a playground calls models as its user, and no more.")
        if self.unknown_users_group_id is not None and not self.may_speak_for_users:
            raise ValidationError("Only a key that may speak for users makes unknown users.")

    @property
    def state(self) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        is_expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return KeyState.EXPIRED if is_expired else KeyState.ACTIVE

    def assign_key(self) -> str:
        """Make the key of this row and return it in the clear. The caller saves the row."""
        key = keys.generate()
        self.digest = keys.digest(key, api_key_pepper())
        self.hint = keys.hint(key)
        return key

    @transaction.atomic
    def rotate(self, *, overlap: timedelta = DEFAULT_OVERLAP) -> str:
        """Give the row a new key, returned in the clear; the one before works for ``overlap``.

        The row's id and all that refers to it stay. Rotating again before that overlap has ended
        takes nothing away: every earlier key keeps its own end, unless the new overlap ends sooner.
        So no overlap at all leaves the new key alone. Raises :class:`KeyEndedError`.
        """
        self.refresh_from_db(from_queryset=ApiKey.objects.select_for_update())
        if self.state is not KeyState.ACTIVE:
            raise KeyEndedError("A key that is revoked or has expired cannot be rotated.")
        if self.is_playground:  # else a secret without an end would come of it
            raise KeyEndedError("The playground makes secrets of its key by itself.")
        now = timezone.now()
        self.earlier_keys.overlapping().filter(expires_at__gt=now + overlap).update(
            expires_at=now + overlap
        )
        if overlap:
            self.earlier_keys.create(digest=self.digest, hint=self.hint, expires_at=now + overlap)
        self.earlier_keys.filter(expires_at__lte=now).delete()
        key = self.assign_key()
        self.rotated_at = now
        self.save(update_fields=["digest", "hint", "rotated_at"])
        return key

    def revoke(self, at: datetime | None = None) -> None:
        """Refuse this key and those before it from now on. Revoking twice keeps the first time."""
        if self.revoked_at is None:
            self.revoked_at = at or timezone.now()
            self.save(update_fields=["revoked_at"])
