"""The settings of a run, chosen by its environment.

``local``: on a developer's or a first user's machine, where ``DEBUG`` is on or the database is
SQLite; what is secret is generated. ``production``: everywhere else; what is secret must be given.

Both read all they can. What is wrong is told at the end, all at once.
"""

from gateway_project.settings.base import DATABASE_IS_SQLITE, DEBUG
from gateway_project.settings.findings import raise_problems
from gateway_project.settings.near_misses import warn_of_near_misses

if DEBUG or DATABASE_IS_SQLITE:
    from gateway_project.settings.local import *  # noqa: F403
else:
    from gateway_project.settings.production import *  # noqa: F403

warn_of_near_misses()
raise_problems()
