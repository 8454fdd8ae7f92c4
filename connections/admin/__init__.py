"""The admin of connections, their keys, and the gateway's switches."""

from connections.admin import connection, gateway_settings

__all__ = ["connection", "gateway_settings"]
