"""The tables of the API, for facts that outlast a request."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from connections.models import Connection


class Sealed(models.Model):
    """A row whose content is encrypted, and bound to its own name."""

    ciphertext = models.TextField()
    size = models.PositiveIntegerField(help_text="Bytes of the ciphertext.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        abstract = True

    @property
    def bound_to(self) -> str:
        """The name of the row, from which its content cannot be moved."""
        raise NotImplementedError


class StoredResponse(models.Model):
    """A response that an upstream keeps, so that its owner can ask for it again.

    Written after the response and read only when a client refers to it, see
    :mod:`proxy.references.stored_responses`.
    """

    response_id = models.CharField(max_length=200)
    # No constraint: rows are written later, and their user or connection may be gone by then.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    model = models.CharField(max_length=300, help_text="The upstream's own name of it.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        # Django ties permissions to a model, and the live view has none.
        permissions = (
            ("view_live", "Can watch live requests"),
            ("end_request", "Can end live requests"),
        )
        # One owner for each id of a connection: the first user for whom it was made.
        constraints = (
            models.UniqueConstraint(
                fields=("response_id", "connection"), name="proxy_stored_response_one_owner"
            ),
        )

    def __str__(self) -> str:
        return self.response_id


class OwnResponse(Sealed):
    """A response that the gateway itself keeps: its input items and what it said."""

    response_id = models.CharField(max_length=100, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # The responses that it goes on from, the oldest first.
    ancestors = models.JSONField(default=list, db_default=[])

    class Meta:
        verbose_name = "response kept here"
        verbose_name_plural = "responses kept here"

    def __str__(self) -> str:
        return self.response_id

    @property
    def bound_to(self) -> str:
        return f"response {self.response_id} of {self.user_id}"


class OwnItem(models.Model):
    """Where an item of a response's output is found, for who refers to it by its id alone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    item_id = models.CharField(max_length=100)
    # No key: deleting responses would then read all of them, to delete their items one by one.
    response_id = models.CharField(max_length=100, db_index=True)

    class Meta:
        verbose_name = "item kept here"
        verbose_name_plural = "items kept here"
        constraints = (
            models.UniqueConstraint(
                fields=("user", "item_id", "response_id"), name="proxy_own_item_unique"
            ),
        )

    def __str__(self) -> str:
        return self.item_id


class Conversation(Sealed):
    """A conversation that the gateway keeps; its content is the client's ``metadata``."""

    conversation_id = models.CharField(max_length=100, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.conversation_id

    @property
    def bound_to(self) -> str:
        return f"conversation {self.conversation_id} of {self.user_id}"


class ConversationItem(Sealed):
    """An item of a conversation. They are in the order of their keys."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="items")
    item_id = models.CharField(max_length=100)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("conversation", "item_id"), name="proxy_conversation_item_unique"
            ),
        )

    def __str__(self) -> str:
        return self.item_id

    @property
    def bound_to(self) -> str:
        return f"item {self.item_id} of conversation {self.conversation_id}"
