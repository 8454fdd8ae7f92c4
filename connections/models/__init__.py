"""What the database knows of upstreams."""

from connections.models.connection import Connection, ConnectionKey
from connections.models.gateway_settings import GatewaySettings
from connections.models.last_verification import LastVerification

__all__ = ["Connection", "ConnectionKey", "GatewaySettings", "LastVerification"]
