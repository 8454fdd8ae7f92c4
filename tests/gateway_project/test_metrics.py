"""``/metrics``: told to whoever may know, whatever address they use."""

from __future__ import annotations

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from accounts.models import ApiKey
from connections.calling.client import UpstreamClient
from connections.models import Connection
from connections.models.key_source import KeySource
from gateway_project.entry import application
from gateway_project.health import failing_journal
from models_registry.registry import Registry, activate
from resilience.states import states
from tests.support.asgi import AsgiClient
from tests.usage.records import an_ended_exchange
from usage.in_flight import in_flight
from usage.ledger import running_ledger

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "metrics-token-1"


@pytest.fixture
def keys():
    users = get_user_model().objects
    staff = users.create_user("root", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_usagerow"))
    other = users.create_user("helper", is_staff=True)
    return {
        "staff": ApiKey.objects.issue(staff, scopes=["admin"])[1],
        "staff without the scope": ApiKey.objects.issue(staff)[1],
        "staff without the permission": ApiKey.objects.issue(other, scopes=["admin"])[1],
        "nobody special": ApiKey.objects.issue(users.create_user("ada"))[1],
        "nobody": "sk-gw-no",
        "token": TOKEN,
    }


async def scrape(token: str, method: str = "GET") -> AsgiClient:
    headers = {"authorization": f"Bearer {token}", "host": "10.0.0.7:8000"}
    return await AsgiClient(method, "/metrics", headers=headers).through(application)


@pytest.mark.parametrize("who", ["staff", "token"])
async def test_requests_are_told_to_those_who_may_know(settings, tmp_path, keys, who):
    settings.DATA_DIR, settings.GATEWAY_METRICS_TOKEN = tmp_path, TOKEN
    async with running_ledger():
        exchange = an_ended_exchange(request_id="req_m")
        in_flight.open(exchange)
        in_flight.close(exchange)
        answer = await scrape(keys[who])
    assert answer.status == 200
    text = answer.body.decode()
    assert 'gen_ai_request_model="gpt-4o",error_type=""} 1\n' in text
    assert "\ngatehouse_requests_in_flight 0\n" in text
    assert "\ngatehouse_usage_journal_segments 1\n" in text


async def test_records_that_wait_in_redis_are_told(settings, tmp_path, keys, own_redis):
    settings.DATA_DIR, settings.REDIS_URL = tmp_path, own_redis.url
    settings.GATEWAY_USAGE_JOURNAL = "redis"
    async with running_ledger() as ledger:
        ledger.close(an_ended_exchange())
        await ledger.journal.written()
        await sync_to_async(ledger.stream.measured)()
        text = (await scrape(keys["staff"])).body.decode()
        own_redis.kill()
        ledger.close(an_ended_exchange())
        await ledger.journal.written()
        diverted = ledger.gauges()["gatehouse_usage_records_diverted_total"]
    assert "\ngatehouse_usage_journal_stream_records 1\n" in text
    assert "\ngatehouse_usage_records_diverted_total 0\n" in text
    assert diverted == 1


async def test_readiness_tells_of_records_that_cannot_be_written(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    (tmp_path / "journal").write_text("a file in its place")
    async with running_ledger() as ledger:
        ledger.close(an_ended_exchange())
        assert failing_journal() == {"usage_journal": "failing"}
    assert failing_journal() == {}


@pytest.mark.parametrize("token", [TOKEN, ""])
async def test_strangers_are_told_nothing(settings, keys, token):
    settings.GATEWAY_METRICS_TOKEN = token
    answer = await scrape(keys["nobody"])
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "who", ["staff without the scope", "staff without the permission", "nobody special"]
)
@pytest.mark.parametrize("token", [TOKEN, ""])
async def test_those_who_may_not_know_are_told_nothing(settings, keys, who, token):
    settings.GATEWAY_METRICS_TOKEN = token
    answer = await scrape(keys[who])
    assert (answer.status, b"gatehouse_" in answer.body) == (403, False)


async def test_an_empty_token_opens_nothing(settings):
    settings.GATEWAY_METRICS_TOKEN = ""
    assert (await scrape("")).status == 401


async def test_only_get_is_answered(settings):
    settings.GATEWAY_METRICS_TOKEN = TOKEN
    answer = await scrape(TOKEN, "POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


async def test_targets_that_step_back_are_counted_by_connection(settings, tmp_path, keys):
    settings.DATA_DIR, settings.GATEWAY_METRICS_TOKEN = tmp_path, TOKEN
    row = await Connection.objects.acreate(name="one", base_url="http://one.example/v1")
    registry = Registry(UpstreamClient(httpx.MockTransport(lambda _: httpx.Response(404))))
    await registry.reload()
    activate(registry)
    states.of((row.pk, "gpt-4o")).cool(60, "429")
    states.of((row.pk, "gpt-4.1")).breaker.restore(states.clock() + 60)
    states.of((row.pk + 1, "of-a-connection-that-is-gone")).cool(60, "429")
    try:
        async with running_ledger():
            text = (await scrape(TOKEN)).body.decode()
    finally:
        states.reset()
        activate(None)
        await registry.stop()
    assert '\ngatehouse_targets_cooling{gen_ai_provider_name="one"} 1\n' in text
    assert '\ngatehouse_targets_failing{gen_ai_provider_name="one"} 1\n' in text
    assert text.count("\ngatehouse_targets_cooling{") == 1


async def test_keys_are_counted_by_their_worst_state(settings, tmp_path, keys):
    settings.DATA_DIR, settings.GATEWAY_METRICS_TOKEN = tmp_path, TOKEN
    row = await Connection.objects.acreate(name="one", base_url="http://one.example/v1")
    await sync_to_async(row.replace_keys)(
        [KeySource.parse(key) for key in ("sk-1", "sk-2", "sk-3")]
    )
    await Connection.objects.acreate(name="keyless", base_url="http://two.example/v1")
    registry = Registry(UpstreamClient(httpx.MockTransport(lambda _: httpx.Response(404))))
    await registry.reload()
    activate(registry)
    pool = next(each.keys for each in registry.listings if each.upstream.name == "one")
    pool.cool(pool.all[0], 60, model="gpt-4o", reason="429")
    pool.kill(pool.all[0], "401")
    pool.cool(pool.all[1], 60, model=None, reason="402")
    try:
        async with running_ledger():
            text = (await scrape(TOKEN)).body.decode()
    finally:
        activate(None)
        await registry.stop()
    of_one = '\ngatehouse_keys{gen_ai_provider_name="one",state='
    counts = {state: f'{of_one}"{state}"}} 1\n' in text for state in ("ok", "cooling", "dead")}
    assert counts == {"ok": True, "cooling": True, "dead": True}
    assert '\ngatehouse_keys{gen_ai_provider_name="keyless",state="ok"} 0\n' in text
