"""Workers of the version before go on writing while those of this one start."""

import pytest

from tests.support.live import LiveGateway
from tests.support.stores import BACKINGS

INSERT = """
from datetime import datetime, timezone
from django.db import connection
from django.db.migrations.loader import MigrationLoader

before = [
    ("accounts", "0005_resumable_keys"),
    ("connections", "0005_last_verification"),
    ("models_registry", "0002_registered_models"),
    ("usage", "0005_wider_totals"),
]
models = MigrationLoader(connection).project_state(before).apps.get_model
user = models("accounts", "User").objects.create(username="ada")
key = models("accounts", "ApiKey").objects.create(user=user, digest="one", hint="sk-gw-1")
models("accounts", "EarlierKey").objects.create(
    api_key=key, digest="two", expires_at=datetime.now(timezone.utc)
)
connection = models("connections", "Connection").objects.create(
    name="former", base_url="http://127.0.0.1/v1", url_index=0
)
models("connections", "ConnectionKey").objects.create(
    connection=connection, environment_variable="UPSTREAM_KEY"
)
models("models_registry", "RegisteredModel").objects.create(connection=connection, model="m")
counts = ("requests", "failed", "prompt_tokens", "cached_tokens", "completion_tokens")
others = ("reasoning_tokens", "audio_seconds", "duration_ms", "unpriced", "cost", "user_id")
models("usage", "UsageDay").objects.create(
    day="2026-01-01", key_id=key.pk, **dict.fromkeys(counts + others, 1)
)
models("usage", "Price").objects.create(model="m")

from accounts.models import EarlierKey
from connections.models import Connection, ConnectionKey
from models_registry.models import RegisteredModel
from usage.models import Price, UsageDay
print(EarlierKey.objects.get().hint == "", Connection.objects.get().shares_account_objects)
print(UsageDay.objects.get().cache_write_tokens, RegisteredModel.objects.get().family_facts)
print(Price.objects.get().service_tier == "")
key = ConnectionKey.objects.get()
print(Connection.objects.get().costs_nothing, key.weight, key.model_patterns)
"""


@pytest.mark.parametrize("backing", BACKINGS)
def test_the_version_before_goes_on_inserting(stores, tmp_path, backing):
    with stores.open(backing, tmp_path / "data") as environment:
        migrated = LiveGateway(backing, tmp_path, environment)
        told = migrated.manage("shell", "-v0", "-c", INSERT).stdout.split("\n")
        assert told[:4] == ["True False", "0 {}", "True", "False 1 []"]


ROW = """
from datetime import datetime, timezone
from uuid import UUID
from django.db import connection
from django.db.migrations.loader import MigrationLoader

before = [("usage", "0012_images")]
Row = MigrationLoader(connection).project_state(before).apps.get_model("usage", "UsageRow")
texts = ("username", "key_hint", "model", "upstream_model", "connection", "endpoint", "surface")
texts += ("error_code", "client_request_id", "upstream_request_id", "tokens_from")
counts = ("user_id", "attempts", "duration_ms", "chunks", "bytes_received", "bytes_sent")
now = datetime.now(timezone.utc)
values = dict.fromkeys(texts, "x") | dict.fromkeys(counts, 1) | {"error_code": "", "status": 200}
Row.objects.create(
    request_id="req_1", accepted_at=now, key_id=UUID(int=1), is_streamed=False,
    is_client_gone=False, **values
)

from datetime import timedelta
from usage.filling import fill_batch
from usage.models import UsageHour
from usage.reports import By, report
def told():
    lines = report(By.MODEL, since=now - timedelta(days=2), until=now + timedelta(days=1))
    return sum(line.requests for line in lines)
print(told(), UsageHour.objects.count(), fill_batch(), told(), UsageHour.objects.get().requests)
"""


@pytest.mark.parametrize("backing", BACKINGS)
def test_a_record_of_the_version_before_is_counted_by_hour(stores, tmp_path, backing):
    with stores.open(backing, tmp_path / "data") as environment:
        migrated = LiveGateway(backing, tmp_path, environment)
        told = migrated.manage("shell", "-v0", "-c", ROW).stdout.split("\n")
        assert told[0] == "1 0 1 1 1"
