"""People and services that call the gateway."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q


class User(AbstractUser):
    """A person or a service that calls the gateway. Staff manage it and see every model.

    One who came by themselves may be pending: not active until an admin makes them so.
    """

    is_pending = models.BooleanField("pending", default=False, editable=False)

    class Meta(AbstractUser.Meta):
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
