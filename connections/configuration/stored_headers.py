"""Header values that are stored and not shown, and what is sent back in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connections.configuration.entry import EntryError
from connections.rules.destination import is_same_destination

HIDDEN = "…"  # in place of a secret; when it is sent back, the stored value stays


class HiddenValueError(ValueError):
    """A value is hidden that is not stored, or may not go where it would. Completes "headers …"."""


def hidden(headers: Mapping[str, Any]) -> dict[str, str]:
    """The names of ``headers``, each with what stands for its value."""
    return dict.fromkeys(headers, HIDDEN)


def revealed(
    headers: Mapping[str, Any], stored: Mapping[str, str], *, stored_for: str, base_url: str
) -> dict[str, Any]:
    """``headers`` with the ``stored`` values in the place of what stands for them.

    ``stored_for`` is the base URL of the stored ones, ``base_url`` where ``headers`` are to go.
    Raises :class:`HiddenValueError`.
    """
    is_same = is_same_destination(stored_for, base_url)
    known = {name.lower(): value for name, value in stored.items()} if is_same else {}
    masked = [name for name, value in headers.items() if value == HIDDEN]
    if missing := [name for name in masked if name.lower() not in known]:
        reason = "belong to another base URL" if stored and not is_same else "are not stored"
        names = ", ".join(missing)
        raise HiddenValueError(f"hold hidden values that {reason}: give {names} again")
    return {**headers, **{name: known[name.lower()] for name in masked}}


def revealed_in_entry(
    subject: str,
    headers: Mapping[str, Any],
    stored: Mapping[str, str],
    *,
    stored_for: str,
    base_url: str,
) -> dict[str, Any]:
    """:func:`revealed` for the entry that ``subject`` names. Raises ``EntryError``."""
    try:
        return revealed(headers, stored, stored_for=stored_for, base_url=base_url)
    except HiddenValueError as exc:
        raise EntryError(subject, "headers", str(exc)) from exc
