"""Removing secrets from what an upstream said, before anybody is shown it."""

from __future__ import annotations

from collections.abc import Iterable

REMOVED = "[removed]"


def _longest_first(secrets: Iterable[str]) -> list[str]:
    """``secrets`` in the order of their removal: one may be part of another."""
    return sorted(secrets, key=len, reverse=True)


def without_secrets(text: str, secrets: Iterable[str], *, mask: str = REMOVED) -> str:
    """``text`` with ``mask`` in the place of every one of ``secrets``."""
    for secret in _longest_first(secrets):
        text = text.replace(secret, mask)
    return text
