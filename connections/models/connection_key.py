"""The keys that open a connection."""

from __future__ import annotations

import os
import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.encryption import EncryptionError, keyring
from connections.models.key_source import KeySource
from connections.rules.mending import bare_key


class ConnectionKey(models.Model):
    """One key of a connection: encrypted here, or a reference to an environment variable."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        "connections.Connection", on_delete=models.CASCADE, related_name="keys"
    )
    position = models.PositiveIntegerField(default=0, help_text="Keys are used in turn.")
    ciphertext = models.TextField(blank=True, editable=False)
    last_four = models.CharField(max_length=4, blank=True, editable=False)
    environment_variable = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("position", "created_at")
        constraints = (
            models.CheckConstraint(
                condition=(Q(ciphertext="") & ~Q(environment_variable=""))
                | (~Q(ciphertext="") & Q(environment_variable="")),
                name="connections_key_has_one_source",
            ),
        )

    def __str__(self) -> str:
        return self.masked

    @property
    def masked(self) -> str:
        """What may be shown of the key."""
        if self.environment_variable:
            return f"env:{self.environment_variable}"
        return f"…{self.last_four}"

    @property
    def bound_to(self) -> str:
        """What the ciphertext is bound to: this row, under this connection."""
        return f"connections.connectionkey:{self.pk}:{self.connection_id}"

    def set_source(self, source: KeySource) -> None:
        """Hold ``source`` from now on. The connection must be saved before."""
        self.environment_variable = source.environment_variable
        self.ciphertext = ""
        self.last_four = ""
        if source.secret:
            self.ciphertext = keyring().encrypt(source.secret, bound_to=self.bound_to)
            self.last_four = source.last_four

    def source(self) -> KeySource:
        """Raises :class:`accounts.encryption.EncryptionError` when the secret cannot be read."""
        if self.environment_variable:
            return KeySource(environment_variable=self.environment_variable)
        return KeySource(secret=keyring().decrypt(self.ciphertext, bound_to=self.bound_to))

    def readable_source(self) -> KeySource | None:
        """The source, or None when it cannot be read with the encryption keys at hand."""
        try:
            return self.source()
        except EncryptionError:
            return None

    def reveal(self) -> str:
        """The key in the clear, for signing a request. Empty when its variable is not set."""
        source = self.source()
        return source.secret or bare_key(os.environ.get(source.environment_variable, ""))
