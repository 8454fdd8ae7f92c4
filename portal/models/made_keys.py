"""Which key made which: a thief of the one has the others, too."""

from __future__ import annotations

from django.db import models

from accounts.models import ApiKey


class MadeKey(models.Model):
    """A key that was made over the API, with the key that made it: revoked together."""

    key = models.OneToOneField(
        ApiKey, on_delete=models.CASCADE, primary_key=True, related_name="made_with"
    )
    maker = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="made_keys")

    def __str__(self) -> str:
        return f"{self.key} made with {self.maker}"
