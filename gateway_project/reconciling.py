"""What a worker does first: have the stored connections say what the environment says."""

from __future__ import annotations

import logging

from connections.configuration.difference import Kind
from connections.configuration.environment_sync import sync_environment
from infrastructure.origin import Origin, Way, made_by

logger = logging.getLogger(__name__)


def reconcile() -> None:
    """Take up what changed in the environment since the last start, and log it.

    Several workers that start together wait for each other. Blocks on the database; raises
    ``django.db.DatabaseError``.
    """
    with made_by(Origin(way=Way.ENVIRONMENT)):
        synced = sync_environment(may_disable_all=False)
    for difference in synced.differences:
        if difference.kind is not Kind.UNCHANGED:
            logger.info("From the environment: %s", str(difference).lstrip("+~- "))
    for warning in synced.kept:
        logger.warning("%s", warning)
