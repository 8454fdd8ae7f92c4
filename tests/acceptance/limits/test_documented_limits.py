"""The journeys of docs/limits.md, as they stand there, with an upstream of the tests behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import yaml

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.environment import ROOT
from tests.support.live import LiveGateway, live_gateway
from tests.support.processes import wait_until
from tests.support.responders import Responder, json_response
from tests.support.stores import BACKINGS, Stores
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

PAGE = (ROOT / "docs" / "limits.md").read_text()
MODEL = "gpt-4o"  # whose output costs 10 dollars for a million tokens
TOKENS_PER_DOLLAR = 100_000
GRANTS = [{"models": ["gpt-4o*"], "everyone": True}]
OPEN_WEBUI = re.compile(r"```\n(ENABLE_FORWARD_USER_INFO_HEADERS=.*?)```", re.DOTALL)


def answer(dollars: float = 0.0) -> Responder:
    """A chat that costs so much."""
    usage = {"prompt_tokens": 0, "completion_tokens": int(dollars * TOKENS_PER_DOLLAR)}
    message = {"role": "assistant", "content": "Hello"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "c", "object": "chat.completion", "model": MODEL}
    return json_response(body | {"choices": [choice], "usage": usage})


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=(MODEL,)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def limited(
    stores: Stores, upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveGateway]:
    """A gateway with all that the page's files say."""
    openai = {"name": "openai", "provider": "openai", "base_url": upstream.url, "keys": ["k"]}
    directory = tmp_path_factory.mktemp("documented-limits")
    with live_gateway(stores, BACKINGS[0], directory) as gateway:
        gateway.configure(connections=[openai], grants=GRANTS)
        for example in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
            gateway.configure(**yaml.safe_load(example))
        yield gateway


def chat(client: httpx.Client, upstream: ScriptedUpstream, dollars: float = 0.0) -> httpx.Response:
    upstream.on("POST", CHAT, answer(dollars))
    return client.post(CHAT, json=chat_body(MODEL))


@contextmanager
def member(gateway: LiveGateway, name: str, group: str) -> Iterator[httpx.Client]:
    with client_of(gateway, gateway.api_key(name, groups=[group])) as client:
        wait_for_models(client, MODEL)
        wait_until(lambda: client.get("/v1/limits").json()["data"], what="the limits")
        yield client


def used_up(client: httpx.Client, upstream: ScriptedUpstream) -> httpx.Response:
    """The refusal of a request, which costs nothing if it is admitted."""
    refused: list[httpx.Response] = []

    def is_refused() -> bool:
        refused.append(chat(client, upstream))
        return refused[-1].status_code == 429

    wait_until(is_refused, what="the end of the budget")
    assert refused[-1].json()["error"]["code"] == "insufficient_quota"
    assert refused[-1].headers["x-should-retry"] == "false"
    return refused[-1]


def message_of(refused: httpx.Response) -> str:
    return str(refused.json()["error"]["message"])


def test_an_intern_has_twenty_requests_a_minute(
    limited: LiveGateway, upstream: ScriptedUpstream
) -> None:
    with member(limited, "ivan", "interns") as client:
        answers = [chat(client, upstream) for _ in range(20)]
        assert {one.status_code for one in answers} == {200}
        while (refused := chat(client, upstream)).status_code == 200:
            answers.append(refused)
            assert len(answers) < 200
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    assert "`interns a minute`" in message_of(refused)
    assert int(refused.headers["retry-after"]) >= 1


def test_an_intern_has_five_dollars_a_day_and_no_other_s(
    limited: LiveGateway, upstream: ScriptedUpstream
) -> None:
    with member(limited, "iris", "interns") as iris, member(limited, "ingo", "interns") as ingo:
        assert chat(iris, upstream, 5.0).status_code == 200
        assert "`interns a day` of 5 US dollars a day" in message_of(used_up(iris, upstream))
        assert chat(ingo, upstream).status_code == 200


def test_members_of_research_have_one_amount_whose_numbers_nobody_is_told(
    limited: LiveGateway, upstream: ScriptedUpstream
) -> None:
    with member(limited, "rita", "research") as rita, member(limited, "raj", "research") as raj:
        assert chat(rita, upstream, 500.0).status_code == 200
        told = message_of(used_up(raj, upstream))
        assert "The shared limit `research a month` is used up" in told
        assert "500" not in told


def open_webui_environment(gateway: LiveGateway, key: str) -> dict[str, str]:
    """What the page has for Open WebUI, with this gateway and ``key``."""
    [block] = OPEN_WEBUI.findall(PAGE)
    told = dict(line.split("=", 1) for line in block.strip().splitlines())
    assert told["OPENAI_API_BASE_URL"].endswith("/v1")
    return told | {"OPENAI_API_BASE_URL": f"{gateway.url}/v1", "OPENAI_API_KEY": key}


def test_users_of_open_webui_have_budgets_of_their_own(
    limited: LiveGateway,
    upstream: ScriptedUpstream,
    stores: Stores,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A second gateway stands for Open WebUI: it reads the same settings and sends the same."""
    [line] = re.findall(r"manage\.py (create_api_key open-webui .+)$", PAGE, re.MULTILINE)
    made: Any = json.loads(limited.manage(*line.split(), "--json").stdout)
    environment = open_webui_environment(limited, made["key"])
    directory = tmp_path_factory.mktemp("open-webui")
    with live_gateway(stores, BACKINGS[0], directory, **environment) as chats:
        chats.manage("shell", "-v0", "-c", MAKE_USERS)
        chats.configure(grants=GRANTS)
        ada, bob = (client_of(chats, chats.api_key(name)) for name in ("ada", "bob"))
        with ada, bob:
            wait_for_models(ada, MODEL)
            assert chat(ada, upstream, 10.0).status_code == 200
            assert "`a month of Open WebUI`" in message_of(used_up(ada, upstream))
            assert chat(bob, upstream).status_code == 200
    wait_until(lambda: used(limited).get("user:ada") == 10, what="what the database has of it")


def used(gateway: LiveGateway) -> dict[str, float]:
    """What each user of Open WebUI has used of the month."""
    arguments = ("show", "--label", "a month of Open WebUI", "--json")
    [shown] = json.loads(gateway.manage("limits", *arguments).stdout)["limits"]
    return {use["share"]: use["used"] for use in shown["used"]}


MAKE_USERS = """
from accounts.models import User
for name in ("ada", "bob"):
    User.objects.create_user(name, email=f"{name}@example.com")
"""
