"""Verifying connections from the admin, and telling the outcome as messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from connections.calling.resolve import resolve
from connections.models import Connection
from connections.verify import Outcome, Status, Verification
from connections.verify.keeping import verify_and_keep

LONGEST_SECONDS = 10  # somebody waits for the page
LEVELS = {
    Outcome.OK: messages.SUCCESS,
    Outcome.WARNINGS: messages.WARNING,
    Outcome.FAILED: messages.ERROR,
}


def verify_and_tell(request: HttpRequest, ids: Iterable[int], **options: Any) -> None:
    """Verify the connections with these ``ids``, all at once, as the database has them now.

    ``options`` are those of :func:`connections.verify.verify`.
    """
    connections = Connection.objects.filter(pk__in=ids).prefetch_related("keys")
    upstreams = [resolve(connection) for connection in connections]
    found = verify_and_keep(upstreams, timeout_seconds=LONGEST_SECONDS, **options)
    for upstream, verification in zip(upstreams, found, strict=True):
        messages.add_message(
            request, LEVELS[verification.outcome], in_words(upstream.name, verification)
        )


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
