"""The counter of changes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ConfigVersion(models.Model):
    """One row whose numbers grow with every change to what workers hold in memory.

    ``people`` counts changes to users, groups and keys, ``version`` those to everything else.
    """

    SINGLETON_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLETON_ID)
    version = models.PositiveBigIntegerField(default=0)
    people = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(id=1), name="accounts_configversion_singleton"),
        )

    def __str__(self) -> str:
        return str(self.version)
