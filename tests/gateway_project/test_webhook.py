from __future__ import annotations

import httpx
import pytest

from connections.calling.client import UpstreamClient
from gateway_project.webhook import webhook_of
from limits.alerts.sending import DeliveryError


async def test_a_webhook_that_cannot_be_reached_is_a_delivery_that_failed() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    deliver = webhook_of(UpstreamClient(httpx.MockTransport(refuse)))
    with pytest.raises(DeliveryError):
        await deliver("https://hooks.example", b"{}", {})


async def test_its_status_comes_back() -> None:
    client = UpstreamClient(httpx.MockTransport(lambda _: httpx.Response(204)))
    assert await webhook_of(client)("https://hooks.example", b"{}", {}) == 204
