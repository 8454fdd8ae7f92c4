from __future__ import annotations

import io
import json
from contextlib import ExitStack, closing

import pytest
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from connections.models import Connection
from limits.models import Limit
from tests.limits.builders import make_limit
from tests.support.upstream import ScriptedUpstream
from tests.usage.records import a_record
from usage.journal import Journal
from usage.storing import store

pytestmark = pytest.mark.django_db(transaction=True)


def doctor(*options: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code, and the worst finding of each part."""
    out = io.StringIO()
    code = 0
    try:
        call_command("doctor", "--json", *options, stdout=out)
    except SystemExit as exc:
        code = int(exc.code or 0)
    assert len(out.getvalue().splitlines()) == 1
    findings = json.loads(out.getvalue())["findings"]
    order = ("ok", "degraded", "broken")
    findings.sort(key=lambda finding: order.index(finding["state"]))
    return code, {finding["part"]: finding for finding in findings}


@pytest.fixture
def admin() -> User:
    return User.objects.create_superuser("ada")


@pytest.fixture
def upstream() -> ScriptedUpstream:
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


def test_an_installation_without_connections_is_degraded() -> None:
    code, found = doctor()
    assert code == 3
    assert found["administrator"]["remedy"] == "Run bootstrap, or createsuperuser."
    assert found["connections"]["state"] == "degraded"
    assert {found[part]["state"] for part in ("database", "migrations", "journal")} == {"ok"}


def test_a_missing_migration_is_named_and_a_later_one_only_told(admin: User) -> None:
    migrations = MigrationRecorder.Migration.objects
    later = migrations.create(app="usage", name="9999_later")
    assert doctor()[1]["migrations"]["state"] == "degraded"
    later.delete()
    last = migrations.filter(app="usage").order_by("name").last()
    last.delete()
    code, found = doctor()
    migrations.create(app="usage", name=last.name)
    assert (code, found["migrations"]["remedy"]) == (1, "Run migrate.")
    assert f"usage.{last.name}" in found["migrations"]["said"]


def test_upstreams_are_asked_when_that_is_wanted(admin: User, upstream: ScriptedUpstream) -> None:
    Connection.objects.create(name="one", base_url=upstream.url, auth_type="none")
    found = doctor("--ask")[1]["connection one"]
    assert (found["state"], found["said"]) == ("ok", "answers, 1 models")


def test_kept_listings_serve_without_a_question(admin: User, upstream: ScriptedUpstream) -> None:
    Connection.objects.create(name="one", base_url=upstream.url, auth_type="none")
    call_command("sync_models", stdout=io.StringIO())
    asked = len(upstream.requests)
    assert "1 models, asked" in doctor()[1]["connection one"]["said"]
    assert len(upstream.requests) == asked


def test_an_upstream_that_does_not_answer_is_degraded(admin: User) -> None:
    Connection.objects.create(name="gone", base_url="http://127.0.0.1:1/v1", auth_type="none")
    code, found = doctor("--ask")
    assert (code, found["connection gone"]["state"]) == (3, "degraded")
    assert "verify_connection gone" in found["connection gone"]["remedy"]


def test_a_redis_that_does_not_answer_is_degraded(settings, admin: User) -> None:
    settings.REDIS_URL = "redis://:geheim@127.0.0.1:1/0"
    code, found = doctor()
    assert (code, found["Redis"]["state"]) == (3, "degraded")
    assert "geheim" not in json.dumps(found)


@pytest.mark.parametrize("name", ["GATEWAY_QUERY_KEYS", "BYPASS_MODEL_ACCESS_CONTROL"])
def test_an_unsafe_switch_is_named(settings, admin: User, name: str) -> None:
    setattr(settings, name, True)
    assert name in doctor()[1]["switches"]["said"]


def test_lines_are_for_people() -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert any(line.startswith("ok      database") for line in lines)
    assert any(line.startswith("LOOK    administrator") for line in lines)


def test_limits_are_told_of(admin: User, settings) -> None:
    settings.REDIS_URL = ""
    assert doctor()[1]["limits"]["said"] == "there are none"
    make_limit("all")
    assert doctor()[1]["limits"]["said"] == "1, counted in the worker's memory"


def test_workers_that_share_no_redis_break_limits(admin: User, settings, tmp_path) -> None:
    settings.REDIS_URL, settings.DATA_DIR = "", tmp_path
    make_limit("all")
    with ExitStack() as stack:
        for number in range(2):
            journal = stack.enter_context(closing(Journal(tmp_path / "journal")))
            journal.append(a_record(request_id=f"req_{number}"))
        found = doctor()[1]["limits"]
    assert found["state"] == "broken"
    assert found["remedy"] == "Set REDIS_URL, or serve with one worker."


def test_models_without_a_price_are_named_where_dollars_are_limited(admin: User) -> None:
    store([a_record(request_id="req_1", model="unheard-of", prompt_tokens=5)])
    make_limit("requests")
    assert doctor()[1]["limits"]["state"] == "ok"
    make_limit("money", metric="usd")
    assert "unheard-of" in doctor()[1]["limits"]["said"]
    Limit.objects.update(unpriced="free")
    assert doctor()[1]["limits"]["state"] == "ok"
