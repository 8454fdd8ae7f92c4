"""The keys that open a connection."""

from __future__ import annotations

import os
import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.encryption import EncryptionError, keyring
from connections.models.key_files import key_files
from connections.models.key_source import KeySource
from connections.rules.mending import bare_key
from connections.rules.validators import validate_string_list


class ConnectionKey(models.Model):
    """One key of a connection: encrypted here, or a reference to a variable or a file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        "connections.Connection", on_delete=models.CASCADE, related_name="keys"
    )
    position = models.PositiveIntegerField(default=0, help_text="Keys are used in turn.")
    ciphertext = models.TextField(blank=True, editable=False)
    last_four = models.CharField(max_length=4, blank=True, editable=False)
    environment_variable = models.CharField(max_length=200, blank=True, editable=False)
    file_path = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",  # for the version before, which may still be running
        editable=False,
    )
    weight = models.PositiveSmallIntegerField(
        default=1,
        db_default=1,  # for the version before, which may still be running
        help_text="Its share among the keys. 0: only where no other key can be used.",
    )
    model_patterns = models.JSONField(
        "models",
        default=list,
        db_default=[],
        blank=True,
        validators=[validate_string_list],
        help_text="The upstream's models that it is for, such as gpt-4*. Empty: all.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("position", "created_at")
        constraints = (
            models.CheckConstraint(
                condition=(
                    ~Q(ciphertext="") & Q(environment_variable="") & Q(file_path="")
                    | Q(ciphertext="") & ~Q(environment_variable="") & Q(file_path="")
                    | Q(ciphertext="") & Q(environment_variable="") & ~Q(file_path="")
                ),
                name="connections_key_has_one_source",
            ),
        )

    def __str__(self) -> str:
        return self.masked

    @property
    def masked(self) -> str:
        """What may be shown of the key."""
        return self._reference().masked if self.is_reference else f"…{self.last_four}"

    @property
    def is_reference(self) -> bool:
        """Whether the secret is elsewhere."""
        return bool(self.environment_variable or self.file_path)

    @property
    def bound_to(self) -> str:
        """What the ciphertext is bound to: this row, under this connection."""
        return f"connections.connectionkey:{self.pk}:{self.connection_id}"

    def set_source(self, source: KeySource) -> None:
        """Hold ``source`` from now on. The connection must be saved before."""
        self.environment_variable = source.environment_variable
        self.file_path = source.file_path
        self.ciphertext = ""
        self.last_four = ""
        if source.secret:
            self.ciphertext = keyring().encrypt(source.secret, bound_to=self.bound_to)
            self.last_four = source.last_four

    def set_uses(self, source: KeySource) -> None:
        """Be used as ``source`` says from now on."""
        self.weight = source.weight
        self.model_patterns = list(source.model_patterns)

    def source(self) -> KeySource:
        """Raises :class:`accounts.encryption.EncryptionError` when the secret cannot be read."""
        if self.is_reference:
            return self._reference()
        secret = keyring().decrypt(self.ciphertext, bound_to=self.bound_to)
        return KeySource(secret=secret, **self._uses())

    def readable_source(self) -> KeySource | None:
        """The source, or None when it cannot be read with the encryption keys at hand."""
        try:
            return self.source()
        except EncryptionError:
            return None

    def reveal(self) -> str:
        """The key in the clear, for signing a request. Empty when a reference leads to none."""
        source = self.source()
        if source.file_path:
            return key_files.read(source.file_path)
        return source.secret or bare_key(os.environ.get(source.environment_variable, ""))

    def _reference(self) -> KeySource:
        return KeySource(
            environment_variable=self.environment_variable,
            file_path=self.file_path,
            **self._uses(),
        )

    def _uses(self) -> dict[str, Any]:
        return {"weight": self.weight, "model_patterns": tuple(self.model_patterns)}
