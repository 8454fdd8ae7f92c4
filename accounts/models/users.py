"""People and services that call the gateway."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


def is_of_user_name(char: str) -> bool:
    """Whether a user name may hold ``char``: letters and digits of all scripts, with their marks.

    Django allows no marks, without which names in Hindi or Thai cannot be written.
    """
    return char in "_.@+-" or unicodedata.category(char)[0] in "LNM"


def validate_user_name(value: str) -> None:
    """Raises ``ValidationError``."""
    if not all(map(is_of_user_name, value)):
        raise ValidationError("A user name holds letters, digits and @ . + - _ only.")


class User(AbstractUser):
    """A person or a service that calls the gateway. Staff manage it and see every model.

    One who came by themselves may be pending: not active until an admin makes them so.
    """

    username = models.CharField(
        max_length=150,
        unique=True,
        help_text="At most 150 letters, digits and @ . + - _.",
        validators=[validate_user_name],
        error_messages={"unique": "A user with that username already exists."},
    )
    is_pending = models.BooleanField("pending", default=False, editable=False)
    # Made since a trusted caller named them; not signed in since. The version before makes users.
    is_newcomer = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta(AbstractUser.Meta):
        # Keys that speak for users find them by their address, whatever its case.
        indexes = (models.Index(Lower("email"), name="accounts_user_lower_email"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(username=""), name="accounts_user_username_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(is_pending=False),
                name="accounts_user_active_is_not_pending",
            ),
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.is_active and self.is_pending:
            self.is_pending = False
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "is_pending"}
        super().save(*args, **kwargs)

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username
