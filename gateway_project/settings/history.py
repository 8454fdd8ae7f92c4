"""The history of changes, which django-auditlog records: see ``gateway_project/history``."""

from gateway_project.settings import environment

# 0: for ever
GATEWAY_HISTORY_DAYS = environment.whole_number(
    "GATEWAY_HISTORY_DAYS", default=0, maximum=environment.MOST_DAYS
)
# Names in place of primary keys: the object may be gone when the entry is read.
AUDITLOG_USE_FK_STRING_REPRESENTATION = True
