"""Sending over the channel layer, which may be down while everything else goes on."""

from __future__ import annotations

from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from redis import RedisError

from infrastructure import redis_outage

LAYER_ERRORS = (RedisError, OSError, ChannelFull)


def layer() -> Any:
    """The one there is: on Redis, or in process memory. Its types leave its methods out."""
    return get_channel_layer()


async def send_to_group(group: str, message: dict[str, Any]) -> bool:
    """Send ``message`` to the members of ``group``. False if the layer is down."""
    try:
        await layer().group_send(group, message)
    except LAYER_ERRORS as exc:
        redis_outage.tell(f"{message['type']} cannot be sent to {group}", exc)
        return False
    return True
