"""``limits set``: makes a limit, or changes what the arguments name of one that is there."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.management.api_key_argument import find_api_key
from accounts.management.errors import UsageError
from connections.configuration.difference import Difference
from connections.configuration.entry import EntryError
from limits.choices import Metric, SubjectKind
from limits.configuration.spec import LimitSpec
from limits.configuration.spec_fields import READERS, SUBJECT_READERS
from limits.configuration.subjects import Subject
from limits.management.made_by import this_command
from limits.models import Limit


@transaction.atomic
def set_limit(
    label: str, *, subject: str | None, dry_run: bool, **given: Any
) -> tuple[Difference, LimitSpec]:
    """What changed, and the limit as it is then. Raises ``UsageError``."""
    row = Limit.objects.filter(label=label).first()
    entry: dict[str, Any] = LimitSpec.of(row).to_dict() if row else {"label": label}
    entry.pop("raises", None)  # they stay
    if subject is not None:
        entry = {name: value for name, value in entry.items() if name not in SUBJECT_READERS}
        entry |= _subject(subject)
    elif row is None:
        raise UsageError(f"There is no limit {label!r}; --for says whom a new one is for.")
    entry |= {name: value for name, value in given.items() if name in READERS and value is not None}
    if entry.get("metric") == Metric.CONCURRENCY and given.get("window") is None:
        entry.pop("window", None)
    try:
        spec = LimitSpec.from_dict(entry)
        difference = spec.upsert(made_by=this_command())
    except EntryError as exc:
        raise UsageError(f"{exc}.".replace("..", ".")) from exc
    transaction.set_rollback(dry_run)
    return difference, spec


def _subject(text: str) -> dict[str, Any]:
    try:
        subject = Subject.parse(text)
    except ValueError as exc:
        raise UsageError(f"--for {exc}.") from exc
    match subject.kind:
        case SubjectKind.EVERYONE:
            return {"everyone": True}
        case SubjectKind.KEY:
            return {"key": str(find_api_key(subject.name).row.pk)}
        case kind:
            return {kind.value: subject.name}
