"""Who makes changes by a command."""

from __future__ import annotations

import getpass


def this_command() -> str:
    """The user of this machine, as far as it has a name."""
    try:
        return f"{getpass.getuser()}, by a command"
    except (KeyError, OSError):  # a container's user without an entry
        return "a command"
