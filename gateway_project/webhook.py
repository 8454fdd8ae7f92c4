"""The operator's webhook, as alerts call it."""

from __future__ import annotations

from connections.calling.client import UpstreamClient
from connections.calling.webhooks import post
from connections.errors import UpstreamError
from limits.alerts.sending import DeliveryError, Post


def webhook_of(client: UpstreamClient) -> Post:
    """Deliveries through ``client``, in the words of alerts."""

    async def delivered(url: str, body: bytes, headers: dict[str, str]) -> int:
        try:
            return await post(client, url, body, headers)
        except UpstreamError as exc:
            raise DeliveryError(exc.message) from exc

    return delivered
