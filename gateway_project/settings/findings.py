"""Problems of the environment, gathered while the settings are read and told all at once.

Sentences name the variable, what its value looks like, and the remedy. They never hold the value:
it may be a secret that was put into the wrong variable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

# Sentences, and the variables they are about. Dicts keep the order, and settings that are imported
# again say nothing twice. What was mended is told by gateway_project.checks.
problems: dict[str, str] = {}
mended: dict[str, str] = {}


def refuse(name: str, problem: str) -> None:
    """``name`` cannot be used; ``problem`` is a sentence that begins with it or tells of it."""
    problems[problem] = name


def warn(name: str, warning: str) -> None:
    """``name`` was read otherwise than it is written."""
    mended[warning] = name


def noted(name: str, read: Callable[[], T], fallback: T) -> T:
    """What ``read`` returns, or ``fallback`` where it raises ``ImproperlyConfigured``."""
    try:
        return read()
    except ImproperlyConfigured as exc:
        refuse(name, str(exc))
        return fallback


def is_refused(name: str) -> bool:
    return name in problems.values()


def raise_problems() -> None:
    """Raise ``ImproperlyConfigured`` with a line for each problem, if there are any."""
    if problems:
        lines = [*problems, *(f"Warning: {warning}" for warning in mended)]
        raise ImproperlyConfigured("\n".join(["The configuration cannot be used.", *lines]))


def shape(value: str) -> str:
    """``value`` described so that nothing of it is given away."""
    count = f"{len(value)} character{'s' * (len(value) != 1)}"
    if value.startswith(("{", "[")):
        return f"JSON of {count}"
    if "://" in value:
        return f"a URL of {count}"
    if value.isdecimal():
        return f"a number of {len(value)} digit{'s' * (len(value) != 1)}"
    return f"a word of {count}" if value.isalpha() else f"a text of {count}"
