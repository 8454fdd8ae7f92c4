"""Fill a database as that of a large installation is, to measure pages and reports with it.

``python -m benchmarks.filling`` fills the database that ``DATA_DIR`` or ``DATABASE_URL`` names,
after its migrations, with 1,000 models of 10 connections, 100 groups, 1,000 users with a key each,
1,000,000 requests of the last 30 days with their totals by hour, and some of everything else
(:mod:`benchmarks.furnishing`). It must hold no users yet. ``python -m benchmarks.pages`` measures.
Tests call :func:`fill` with a :class:`Scale` of their own. The rows are made by the database.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass

PRIME = 2_654_435_761  # spreads consecutive numbers over 32 bits
SPREAD = 4_294_967_296
KEY_HINT = "sk-gw-…"
FAILURE = (
    '[{{"connection": "upstream-{0}", "model": "model", "key": "…f1f1", "status": 500,'
    ' "code": "server_error", "outcome": "failed", "ms": 80, "why": "",'
    ' "error_text": "The server had an error while processing your request."}}]'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much there is. A user sends ``session`` requests in a row with one model."""

    models: int = 1000
    connections: int = 10
    groups: int = 100
    users: int = 1000
    requests: int = 1_000_000
    days: int = 30
    session: int = 8
    rest: int = 50  # of limits, routes, overrides and the like


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What the two databases write differently. ``{0}`` stands for an expression."""

    numbers: str  # n, from 0 on
    uuid: str
    hexadecimal: str  # of 12 digits
    moment: str  # of seconds since the epoch
    hour: str  # of a moment
    padded: str  # to four digits
    true: str
    false: str


POSTGRESQL = Dialect(
    numbers="SELECT generate_series(0, {0} - 1)::bigint AS n",
    uuid="lpad(to_hex({0}), 32, '0')::uuid",
    hexadecimal="lpad(to_hex(({0})::bigint), 12, '0')",
    moment="to_timestamp({0})",
    hour="date_trunc('hour', {0}, 'UTC')",
    padded="lpad(({0})::text, 4, '0')",
    true="true",
    false="false",
)
SQLITE = Dialect(
    numbers="SELECT n FROM (WITH RECURSIVE upto(n) AS"
    " (SELECT 0 UNION ALL SELECT n + 1 FROM upto WHERE n + 1 < {0}) SELECT n FROM upto)",
    uuid="printf('%032x', {0})",
    hexadecimal="printf('%012x', {0})",
    # With six digits, as Django writes and compares them.
    moment="strftime('%Y-%m-%d %H:%M:%f', {0}, 'unixepoch') || '000'",
    hour="strftime('%Y-%m-%d %H:00:00', {0})",
    padded="printf('%04d', {0})",
    true="1",
    false="0",
)


def fill(scale: Scale | None = None) -> None:
    """Add everything to Django's default database. Hours are those of UTC."""
    from django.db import connection, transaction

    scale = scale or Scale()
    dialect = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    with transaction.atomic():
        first_user = _people(scale, dialect)
        _connections(scale)
        _furnish(scale)
        _execute(_rows(scale, dialect, first_user))
        _execute(_hours(dialect))
    _execute("ANALYZE")


def _people(scale: Scale, dialect: Dialect) -> int:
    """Users in two groups each, with a key whose id is the user's; the id of the first of them."""
    from django.contrib.auth.models import Group

    from accounts.models import User
    from models_registry.models import ModelGrant

    groups = Group.objects.bulk_create(Group(name=f"group-{n:03}") for n in range(scale.groups))
    users = User.objects.bulk_create(
        User(username=f"user-{n:04}", email=f"user-{n:04}@example.com") for n in range(scale.users)
    )
    memberships = User.groups.through
    memberships.objects.bulk_create(
        memberships(user_id=user.pk, group_id=groups[place].pk)
        for number, user in enumerate(users)
        for place in {number % scale.groups, (number * 7 + 3) % scale.groups}
    )
    ModelGrant.objects.bulk_create(
        ModelGrant(group=group, pattern=f"model-{(number * 10 + n) % scale.models:04}")
        for number, group in enumerate(groups)
        for n in range(min(10, scale.models))
    )
    first = users[0].pk
    soon = time.time() + 5 * 86_400
    keys = "id, user_id, name, digest, hint, scopes, model_patterns, is_resumable"
    keys += ", may_speak_for_users, created_at, expires_at"
    number = f"(n + {first})"
    _execute(
        f"INSERT INTO accounts_apikey ({keys}) SELECT {dialect.uuid.format(number)}, {number},"
        f" 'laptop', {dialect.hexadecimal.format(number)}, '{KEY_HINT}'"
        f" || {dialect.padded.format('n % 10000')}, '[\"inference\"]', '[]', {dialect.false},"
        f" {dialect.false}, {dialect.moment.format(time.time())},"
        f" CASE WHEN n % 100 = 1 THEN {dialect.moment.format(soon)} END"
        f" FROM ({dialect.numbers.format(scale.users)}) numbers"
    )
    return int(first)


def _furnish(scale: Scale) -> None:
    from django.contrib.auth.models import Group

    from accounts.models import User
    from benchmarks.furnishing import furnish

    users, groups = User.objects.order_by("pk"), Group.objects.order_by("pk")
    furnish(scale.rest, users=list(users[: scale.rest]), groups=list(groups[: scale.rest]))


def _connections(scale: Scale) -> None:
    from connections.models import Connection

    Connection.objects.bulk_create(
        Connection(
            name=f"upstream-{number}",
            url_index=number,
            base_url=f"http://127.0.0.1:9/{number}/v1",
            auth_type="none",
            model_ids=[f"model-{n:04}" for n in range(number, scale.models, scale.connections)],
        )
        for number in range(scale.connections)
    )


def _hash(of: str) -> str:
    return f"(({of}) * {PRIME} % {SPREAD} / 65536 % 1000)"


def _numbered(scale: Scale, dialect: Dialect) -> str:
    """n with the places that follow from it. Few users and few models have most requests."""
    session = f"(n / {scale.session})"
    drawn = f"SELECT n, {_hash(session + ' + 17')} AS who, {_hash('n + 5')} AS chance"
    drawn += f" FROM ({dialect.numbers.format(scale.requests)}) numbers"
    people = f"SELECT *, who * who * {scale.users} / 1000000 AS person FROM ({drawn}) drawn"
    choice = _hash(f"person * 3 + {session} % 3")
    favourite = f"SELECT *, {choice} AS choice FROM ({people}) people"
    return (
        f"SELECT *, choice * choice * {scale.models} / 1000000 AS model FROM ({favourite}) chosen"
    )


def _rows(scale: Scale, dialect: Dialect, first_user: int) -> str:
    begin = time.time() - scale.days * 86_400
    at = f"{begin:.3f} + n * {(scale.days * 86_400 - 1) / max(scale.requests, 1):.9f}"
    failed, gone = "chance % 100 < 2", "chance % 100 = 2"
    upstream = f"model % {scale.connections}"
    before, after = FAILURE.format("|").split("|")
    columns = {
        "request_id": f"'req_' || {dialect.hexadecimal.format('n')} || 'filled'",
        "accepted_at": dialect.moment.format(at),
        "user_id": f"person + {first_user}",
        "username": f"'user-' || {dialect.padded.format('person')}",
        "key_id": dialect.uuid.format(f"(person + {first_user})"),
        "key_hint": f"'{KEY_HINT}' || {dialect.padded.format('person % 10000')}",
        "model": f"'model-' || {dialect.padded.format('model')}",
        "upstream_model": f"'model-' || {dialect.padded.format('model')}",
        "connection": f"'upstream-' || ({upstream})",
        "endpoint": "'/chat/completions'",
        "surface": "'chat'",
        "is_streamed": f"CASE WHEN chance % 2 = 0 THEN {dialect.true} ELSE {dialect.false} END",
        "status": f"CASE WHEN {failed} THEN 502 WHEN {gone} THEN 499 ELSE 200 END",
        "error_code": f"CASE WHEN {failed} THEN 'upstream_error' ELSE '' END",
        "attempts": "1",
        "is_client_gone": f"CASE WHEN {gone} THEN {dialect.true} ELSE {dialect.false} END",
        "prompt_tokens": "100 + chance",
        "completion_tokens": "chance / 2",
        "tokens_from": "'upstream'",
        "first_byte_ms": "80 + chance * chance / 1000",
        "duration_ms": "200 + chance * chance / 200 + chance / 990 * 30000",
        "chunks": "1",
        "bytes_received": "1000",
        "bytes_sent": "2000",
        "client_request_id": "''",
        "upstream_request_id": f"'chatcmpl-' || {dialect.hexadecimal.format('n')}",
        "attempt_log": f"CASE WHEN {failed} THEN '{before}' || ({upstream}) || '{after}' END",
        "cost": "CASE WHEN chance % 100 > 2 AND model % 20 <> 7 THEN 0.00001 * (1 + chance) END",
        "is_in_hours": dialect.true,
    }
    if dialect is POSTGRESQL:
        columns["attempt_log"] = f"({columns['attempt_log']})::jsonb"
    source = _numbered(scale, dialect)
    return (
        f"INSERT INTO usage_usagerow ({', '.join(columns)})"
        f" SELECT {', '.join(columns.values())} FROM ({source}) numbered"
    )


def _hours(dialect: Dialect) -> str:
    """The totals of the rows, as the flusher adds them up."""
    from usage.histograms import BOUNDS_MS
    from usage.hours import TOLD
    from usage.totals import PLACES

    well = "status < 400 AND error_code = ''"
    sums = {
        "requests": "count(*)",
        "failed": f"sum(CASE WHEN {well} THEN 0 ELSE 1 END)",
        "client_gone": "sum(CASE WHEN is_client_gone THEN 1 ELSE 0 END)",
        "left_unanswered": f"sum(CASE WHEN is_client_gone AND NOT ({well}) THEN 1 ELSE 0 END)",
        "unpriced": "sum(CASE WHEN cost IS NULL AND status < 400 THEN 1 ELSE 0 END)",
        "duration_ms": "sum(duration_ms)",
        "cost": "coalesce(sum(cost), 0)",
    }
    sums |= {name: f"coalesce(sum({name}), 0)" for name in TOLD}
    bounds = list(zip((-1, *BOUNDS_MS), (*BOUNDS_MS, 2**40), strict=True))
    for name, column, of in (
        ("latency", "duration_ms", well),
        ("first_byte", "first_byte_ms", f"{well} AND is_streamed"),
    ):
        for number, (low, high) in enumerate(bounds):
            within = f"{of} AND {column} > {low} AND {column} <= {high}"
            sums[f"{name}_{number}"] = f"sum(CASE WHEN {within} THEN 1 ELSE 0 END)"
    places = ", ".join(PLACES)
    return (
        f"INSERT INTO usage_usagehour (hour, {places}, {', '.join(sums)})"
        f" SELECT {dialect.hour.format('accepted_at')}, {places}, {', '.join(sums.values())}"
        f" FROM usage_usagerow GROUP BY 1, {places}"
    )


def _execute(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.filling", description=__doc__)
    for name in Scale.__dataclass_fields__:
        parser.add_argument(f"--{name}", type=int, default=getattr(Scale(), name))
    scale = Scale(**vars(parser.parse_args()))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    begun = time.monotonic()
    fill(scale)
    print(f"filled in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
