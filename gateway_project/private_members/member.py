"""What one module uses of one class, why, and which test notices."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMembers:
    """``names`` of the class ``owner``, a dotted path, used in the module ``user`` for ``reason``.

    ``noticed_by`` is a test that fails when they no longer do what the gateway expects.
    """

    owner: str
    names: tuple[str, ...]
    user: str
    reason: str
    noticed_by: str
