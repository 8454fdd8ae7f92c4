"""What the database knows of upstreams."""

from connections.models.connection import Connection
from connections.models.connection_health import ConnectionHealth
from connections.models.connection_key import ConnectionKey
from connections.models.gateway_settings import GatewaySettings
from connections.models.last_verification import LastVerification

__all__ = [
    "Connection",
    "ConnectionHealth",
    "ConnectionKey",
    "GatewaySettings",
    "LastVerification",
]
