"""What a server's process leaves out of memory: packages that libraries load, and it never uses.

An import of what ``sys.modules`` has as None raises ``ModuleNotFoundError``. The importers below
take that for a package that is not installed.
"""

from __future__ import annotations

import sys

from django.conf import settings


def leave_out_unused() -> None:
    """For servers alone, before they import their URL confs: commands use what is left out.

    Nothing is left out where an operator's filters are loaded, which may use any package.
    """
    if settings.GATEWAY_FILTERS:
        return
    unused = []
    if settings.DATABASE_IS_SQLITE:
        unused.append("psycopg")  # unfold loads form fields of PostgreSQL with it: 9 MB
    if settings.LOG_FORMAT == "json":
        unused.append("rich")  # structlog draws tracebacks with it, and httpx its command: 2.6 MB
    for name in unused:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
