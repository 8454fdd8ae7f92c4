"""Verifying connections from the admin, and telling the outcome as messages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest

from connections.client import UpstreamClient
from connections.models import Connection
from connections.resolve import resolve
from connections.transport import AiohttpTransport
from connections.upstream import Upstream
from connections.verify import Outcome, Status, Verification, verify

LONGEST_SECONDS = 10  # somebody waits for the page
LEVELS = {
    Outcome.OK: messages.SUCCESS,
    Outcome.WARNINGS: messages.WARNING,
    Outcome.FAILED: messages.ERROR,
}


def verify_and_tell(request: HttpRequest, ids: Iterable[int]) -> None:
    """Verify the connections with these ``ids``, all at once, as the database has them now."""
    connections = Connection.objects.filter(pk__in=ids).prefetch_related("keys")
    upstreams = [resolve(connection) for connection in connections]
    for upstream, verification in zip(upstreams, _verify_all(upstreams), strict=True):
        messages.add_message(
            request, LEVELS[verification.outcome], in_words(upstream.name, verification)
        )


@async_to_sync
async def _verify_all(upstreams: list[Upstream]) -> list[Verification]:
    client = UpstreamClient(
        AiohttpTransport(
            proxy=settings.GATEWAY_UPSTREAM_PROXY,
            allow_private=settings.GATEWAY_ALLOW_PRIVATE_UPSTREAMS,
        )
    )
    try:
        return await asyncio.gather(
            *(
                verify(upstream, client=client, timeout_seconds=LONGEST_SECONDS)
                for upstream in upstreams
            )
        )
    finally:
        await client.aclose()


def in_words(name: str, verification: Verification) -> str:
    """What broke and what to change, or else how long each step took."""
    failure = verification.failure
    if failure is not None:
        spent = f"at {failure.name} after {failure.milliseconds:.0f} ms"
        return f"{name} failed {spent}: {failure.detail} {failure.hint}".rstrip()
    warnings = [step for step in verification.steps if step.status is Status.WARNING]
    if warnings:
        told = " ".join(f"{step.detail} {step.hint}" for step in warnings)
        return f"{name} answers, but: {told}".rstrip()
    steps = (step for step in verification.steps if step.status is Status.OK)
    times = ", ".join(f"{step.name} {step.milliseconds:.0f} ms" for step in steps)
    return f"{name} works: {verification.steps[-1].detail} ({times})"
