"""The tables of the API, for facts that outlast a request."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from connections.models import Connection


class StoredResponse(models.Model):
    """A response that an upstream keeps, so that its owner can ask for it again.

    Written after the response and read only when a client refers to it, see
    :mod:`proxy.references.stored_responses`.
    """

    response_id = models.CharField(max_length=200)
    # A row may be written just after its user or connection has gone; it leads nowhere then.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    model = models.CharField(max_length=300, help_text="The upstream's own name of it.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        # The live view has no table of its own, and permissions belong to a model.
        permissions = (
            ("view_live", "Can watch live requests"),
            ("end_request", "Can end live requests"),
        )
        # The first user for whom a connection made it stays its owner.
        constraints = (
            models.UniqueConstraint(
                fields=("response_id", "connection"), name="proxy_stored_response_one_owner"
            ),
        )

    def __str__(self) -> str:
        return self.response_id
