"""What one upstream does wrong while another key, or another upstream, is well."""

import pytest

from tests.acceptance.resilience.routed import connection
from tests.faults.errors import assert_openai_error
from tests.support.api import CHAT, chat_body, client_of, listed
from tests.support.processes import wait_until
from tests.support.scripted_upstream import BilledUpstream, error_first, status

pytestmark = pytest.mark.acceptance

# A model for each test, as limits and failures are remembered.
MODELS = ("busy", "busy-streamed", "told-whole", "told-streamed", "burst")
BURST = 30
MOST_FAILURES = 10


@pytest.fixture(scope="module")
def flaky():
    with BilledUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def spare():
    with BilledUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def client(gateway, key, flaky, spare):
    gateway.configure(
        connections=[
            connection("flaky", flaky, *MODELS, priority=1),
            connection("spare", spare, *MODELS, priority=2),
            connection("two-keys", flaky, "keyed", keys=["k1", "k2"]),
            connection("alone", flaky, "alone"),
        ]
    )
    with client_of(gateway, key) as client:
        wait_until(lambda: {*MODELS, "keyed", "alone"} <= listed(client), what="the models")
        yield client


def chat(client, model, **fields):
    return client.post(CHAT, json=chat_body(model, **fields))


def test_a_limit_of_one_key_is_none_of_the_others(client, ledger, flaky):
    flaky.tell(status(429, {"Retry-After": "30"}), key="k1")
    for _ in range(4):
        assert chat(client, "keyed").status_code == 200
        ledger.assert_one_more(200)
    assert (flaky.hits(key="k1"), flaky.hits(key="k2")) == (1, 4)


@pytest.mark.parametrize(("model", "stream"), [("busy", False), ("busy-streamed", True)])
def test_another_target_answers_for_one_that_is_busy(client, ledger, flaky, spare, model, stream):
    flaky.tell(status(429, {"Retry-After": "30"}), model=model)
    for _ in range(2):
        assert chat(client, model, stream=stream).status_code == 200
        ledger.assert_one_more(200)
    assert (flaky.hits(model=model), spare.hits(model=model)) == (1, 2)


@pytest.mark.parametrize(("model", "stream"), [("told-whole", False), ("told-streamed", True)])
def test_an_error_in_a_success_leads_to_another_target(client, ledger, flaky, spare, model, stream):
    flaky.tell(error_first("overloaded_error", after=1), model=model)
    answer = chat(client, model, stream=stream)
    assert (answer.status_code, answer.headers["x-gateway-attempts"]) == (200, "2")
    assert "overloaded" not in answer.text
    ledger.assert_one_more(200)
    assert (flaky.hits(model=model), spare.hits(model=model)) == (1, 1)


def test_a_burst_of_failures_opens_the_circuit(client, ledger, flaky, spare):
    flaky.tell(status(500), model="burst")
    answers = []
    for _ in range(BURST):
        answers.append(chat(client, "burst"))
        seen = answers[-1].status_code
        ledger.assert_one_more(seen, "upstream_error" if seen == 502 else "")
    failed = [answer for answer in answers if answer.status_code != 200]
    for answer in failed:
        assert_openai_error(answer, 502, "upstream_error")
    assert len(failed) == flaky.hits(model="burst") <= MOST_FAILURES
    assert spare.hits(model="burst") == BURST - len(failed)


def test_an_upstream_that_is_alone_and_overloaded_is_asked_little_more_often(client, ledger, flaky):
    flaky.tell(status(503), model="alone")
    for _ in range(BURST):
        answer = chat(client, "alone")
        code = answer.json()["error"]["code"]
        assert_openai_error(answer, 503, code)
        ledger.assert_one_more(503, code)
    assert flaky.hits(model="alone") <= 1.25 * BURST
