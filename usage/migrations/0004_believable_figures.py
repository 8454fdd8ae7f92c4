"""Figures that no upstream can have counted are taken for not known, in rows and in totals."""

from django.db import migrations
from django.db.models import F, Q

MOST = 10**9
BATCH = 1000
TOLD = (
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "audio_seconds",
    "characters",
)
TOTALS = (
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "audio_seconds",
)


def repair(apps, schema_editor):
    """One walk along the key, a batch at a time: whoever interrupts it may begin again."""
    rows = apps.get_model("usage", "UsageRow").objects.using(schema_editor.connection.alias)
    for keys in _batches(rows, _beyond(TOLD, MOST)):
        for name in TOLD:
            wrong = rows.filter(pk__in=keys, **{f"{name}__gt": MOST})
            wrong.update(**{name: None}, cost=None)  # it was made of the figure
        unknown = rows.filter(
            pk__in=keys, prompt_tokens=None, completion_tokens=None
        )
        unknown.update(tokens_from="none")
    days = apps.get_model("usage", "UsageDay").objects.using(schema_editor.connection.alias)
    for keys in _batches(days, _beyond(TOTALS, F("requests") * MOST)):
        for name in TOTALS:
            days.filter(pk__in=keys, **{f"{name}__gt": F("requests") * MOST}).update(**{name: 0})


def _beyond(names, most):
    found = Q()
    for name in names:
        found |= Q(**{f"{name}__gt": most})
    return found


def _batches(source, condition):
    """The keys of what is to be repaired, so many at a time."""
    found = source.filter(condition).order_by("pk").values_list("pk", flat=True)
    keys = list(found[:BATCH])
    while keys:
        yield keys
        keys = list(found.filter(pk__gt=keys[-1])[:BATCH])


class Migration(migrations.Migration):

    atomic = False  # a batch is a transaction of its own, so that no table is held for long

    dependencies = [
        ('usage', '0003_cache_writes'),
    ]

    operations = [
        migrations.RunPython(repair, migrations.RunPython.noop),
    ]
