"""The connections of Django's cache: to one Redis, or to the master that Sentinels tell of."""

from __future__ import annotations

from typing import Any

import redis
from django_redis.pool import ConnectionFactory  # type: ignore[import-untyped]

from infrastructure.redis_servers import pool


class CacheConnections(ConnectionFactory):  # type: ignore[misc]
    """django-redis' factory, for every form of ``REDIS_URL``."""

    def get_connection_pool(self, params: dict[str, Any]) -> redis.ConnectionPool:
        return pool(**params | self.pool_cls_kwargs)
