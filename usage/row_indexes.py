"""The indexes of usage records, by which the admin's list of requests is found and ordered.

Partial ones stay small: few requests fail, and few are slow. The operator class lets PostgreSQL
find the beginning of an id whatever the collation is; SQLite has no such classes.
Connections have no index: each costs the storing of every record, and few rows of the newest have
to be read to find those of a connection.
"""

from __future__ import annotations

from django.db.models import Index, Q

from usage.failing import IS_FAILURE

SLOW_MS = 30_000
BYTES = ("varchar_pattern_ops",)
BYTES_AND_TIME = ("varchar_pattern_ops", "timestamptz_ops")

ROW_INDEXES = (
    Index(fields=("user_id", "accepted_at"), name="usage_row_user_time"),
    Index(fields=("client_request_id",), name="usage_row_client_id", opclasses=BYTES),
    Index(fields=("upstream_request_id",), name="usage_row_upstream_id", opclasses=BYTES),
    Index(fields=("model", "accepted_at"), name="usage_row_model_time", opclasses=BYTES_AND_TIME),
    Index(
        fields=("accepted_at",),
        name="usage_row_failed",
        condition=IS_FAILURE,
    ),
    Index(fields=("accepted_at",), name="usage_row_left", condition=Q(is_client_gone=True)),
    Index(fields=("accepted_at",), name="usage_row_slow", condition=Q(duration_ms__gte=SLOW_MS)),
    Index(
        fields=("accepted_at",),
        name="usage_row_unpriced",
        condition=Q(cost__isnull=True, status__lt=400),
    ),
    Index(
        fields=("accepted_at",),
        name="usage_row_attempt_log",
        condition=Q(attempt_log__isnull=False),
    ),
    Index(
        fields=("accepted_at",),
        name="usage_row_not_in_hours",
        condition=Q(is_in_hours__isnull=True),
    ),
)
