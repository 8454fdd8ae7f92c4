"""``GET /v1/limits``: the caller's own limits in numbers, those of pools in parts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from limits.admission.gate import gate
from limits.book import EMPTY, Book
from limits.choices import Metric, Mode, Share, SubjectKind, Window
from limits.meters.interface import Reading
from limits.meters.memory import MemoryMeters
from limits.reading.own_use import OwnUse, uses_of
from limits.refusals import LimitReachedError
from proxy.client_side.limit_errors import limit_error
from proxy.views.limits import as_json
from tests.limits.rules import a_rule
from tests.support.asgi import AsgiClient
from tests.support.builders import a_caller
from tests.support.environment import ROOT

JSON = re.compile(r"```json\n(.*?)```", re.DOTALL)

MIDNIGHT = 1_795_906_800.0  # 2026-11-29, in Berlin
OWN = a_rule(
    label="interns a day",
    subject_kind=SubjectKind.GROUP,
    share=Share.EACH_USER,
    metric=Metric.USD,
    amount=5 * 10**9,
    zone=ZoneInfo("Europe/Berlin"),
    models=("gpt-*",),
)
POOL = a_rule(label="research", metric=Metric.TOKENS, amount=9_000, mode=Mode.WARN)


@pytest.fixture
def limited() -> Iterator[None]:
    """A fresh gate with a limit of each kind."""
    gate.book = Book([POOL, a_rule(id=2, label="own", share=Share.EACH_USER, window=Window.MINUTE)])
    gate.use(MemoryMeters())
    yield
    gate.book = EMPTY
    gate.use(MemoryMeters())


def test_ones_own_limit_is_told_in_numbers() -> None:
    assert as_json(OwnUse(OWN, OWN.amount, 1_250_000_000, MIDNIGHT, is_own=True)) == {
        "object": "limit",
        "label": "interns a day",
        "share": "own",
        "metric": "usd",
        "window": "day",
        "mode": "enforce",
        "models": ["gpt-*"],
        "endpoints": [],
        "amount": 5,
        "used": 1.25,
        "remaining": 3.75,
        "used_percent": 25,
        "resets_at": "2026-11-29T00:00:00+01:00",
    }


def test_of_a_pool_only_the_part_that_is_used_is_told() -> None:
    told = as_json(OwnUse(POOL, POOL.amount, 3_333, MIDNIGHT, is_own=False))
    assert (told["share"], told["used_percent"]) == ("pool", 37)
    assert not {"amount", "used", "remaining"} & told.keys()
    assert "3333" not in str(told)
    assert "9000" not in str(told)


@pytest.mark.parametrize(
    ("amount", "used", "expected"),
    [
        (10, 15, {"used": 15, "remaining": 0, "used_percent": 100}),
        (0, 0, {"used": 0, "remaining": 0, "used_percent": 100}),
        (10, None, {"used": None, "remaining": None, "used_percent": None}),
    ],
)
def test_the_edges_of_what_is_left(amount, used, expected) -> None:
    rule = a_rule(share=Share.EACH_USER, window=Window.TOTAL)
    told = as_json(OwnUse(rule, amount, used, None, is_own=True))
    assert {name: told[name] for name in expected} == expected
    assert told["resets_at"] is None


def test_requests_at_once_have_no_window() -> None:
    rule = a_rule(share=Share.EACH_KEY, metric=Metric.CONCURRENCY, window=Window.NONE)
    assert as_json(OwnUse(rule, 3, 1, None, is_own=True))["window"] is None


def documented() -> list[dict]:
    """The JSON examples of the section on limits."""
    page = (ROOT / "docs" / "api.md").read_text()
    section = page.partition("\n## Limits\n")[2].partition("\n## ")[0]
    return [json.loads(block) for block in JSON.findall(section)]


def test_the_documented_list_is_what_is_answered() -> None:
    month = {"window": Window.MONTH, "zone": ZoneInfo("UTC")}
    pool = a_rule(label="research", metric=Metric.TOKENS, amount=9_000, mode=Mode.WARN, **month)
    uses = [
        OwnUse(OWN, OWN.amount, 1_250_000_000, MIDNIGHT, is_own=True),
        OwnUse(
            pool, pool.amount, 3_333, datetime(2026, 12, 1, tzinfo=UTC).timestamp(), is_own=False
        ),
    ]
    assert documented()[0] == {"object": "list", "data": [as_json(use) for use in uses]}


def test_the_documented_refusal_is_what_is_answered() -> None:
    reading = Reading("1:u7:usd", OWN.amount, OWN.amount, 0.0, True)
    error = limit_error(LimitReachedError(OWN, reading, 60.0), MIDNIGHT - 60)
    assert documented()[1] == error.body()


@pytest.mark.parametrize("path", ["/v1/limits", "/openai/v1/limits", "/openai/limits", "/limits"])
async def test_every_prefix_has_the_list(api, key, limited, path) -> None:
    headers = {"authorization": f"Bearer {key}"}
    answer = await AsgiClient("GET", path, headers=headers).through(api)
    assert answer.status == 200
    assert answer.json["object"] == "list"
    assert [each["label"] for each in answer.json["data"]] == ["own", "research"]
    assert [each["used_percent"] for each in answer.json["data"]] == [0, 0]


async def test_the_limit_of_a_key_that_speaks_for_users_is_shared_by_them() -> None:
    rule = a_rule(share=Share.EACH_KEY, window=Window.MINUTE)
    for spoken_for, share in (("", "own"), ("ada@example.com", "pool")):
        caller = a_caller(spoken_for=spoken_for)
        [use] = await uses_of(caller, Book([rule]), MemoryMeters(), now=MIDNIGHT)
        told = as_json(use)
        assert (told["share"], "used" in told) == (share, share == "own")


async def test_without_limits_the_list_is_empty(api, key) -> None:
    headers = {"authorization": f"Bearer {key}"}
    answer = await AsgiClient("GET", "/v1/limits", headers=headers).through(api)
    assert answer.json == {"object": "list", "data": []}


async def test_a_key_is_needed(api) -> None:
    answer = await AsgiClient("GET", "/v1/limits").through(api)
    assert answer.status == 401
