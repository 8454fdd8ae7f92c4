"""Limits as the SDKs of OpenAI and Anthropic meet them: exceptions, retries, headers, sockets."""

import anthropic
import httpx
import openai
import pytest

from tests.support.api import HELLO, chat_body, client_of, wait_for_models
from tests.support.processes import wait_until
from tests.support.sockets import heard, heard_to_the_end, open_socket, say
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

MODEL = "inhouse"  # which no list of prices knows
# For users of their own: no test uses what another one has left.
LIMITS = {
    "waits": {"metric": "requests", "window": "minute", "amount": 20},
    "told": {"metric": "requests", "window": "minute", "amount": 20},
    "used-up": {"metric": "requests", "window": "day", "amount": 1},
    "too-little": {"metric": "tokens", "window": "hour", "amount": 400},
    "of-money": {"metric": "usd", "window": "month", "amount": 5},
    "warned": {"metric": "requests", "window": "day", "amount": 0, "mode": "warn"},
    "none": {"metric": "requests", "window": "day", "amount": 0},
}
MAKE = """
from accounts.models import User
from limits.models import Limit
for name, fields in {limits!r}.items():
    user = User.objects.get(username=name)
    Limit.objects.create(label=f"limit {{name}}", subject_kind="user", user=user, **fields)
"""


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=(MODEL,)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def keys(gateway, upstream):
    """A key of each user, once the gateway knows all limits."""
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    keys = {name: gateway.api_key(name) for name in LIMITS}
    gateway.manage("shell", "-v0", "-c", MAKE.format(limits=LIMITS))
    for key in keys.values():
        with client_of(gateway, key) as client:
            wait_for_models(client, MODEL)
            wait_until(lambda: client.get("/v1/limits").json()["data"], what="the limit")
    return keys


class Statuses(list):
    """What an SDK was answered, request by request."""

    def client(self, of: type[httpx.Client]) -> httpx.Client:
        def note(response: httpx.Response) -> None:
            self.append(response.status_code)

        return of(event_hooks={"response": [note]}, trust_env=False)


@pytest.fixture
def statuses():
    return Statuses()


@pytest.fixture
def openai_sdk(gateway, keys, statuses):
    """``openai_sdk(user)``: the SDK as it comes, with its retries, and strict about answers."""
    opened = []

    def sdk(user):
        opened.append(
            openai.OpenAI(
                base_url=f"{gateway.url}/v1",
                api_key=keys[user],
                http_client=statuses.client(openai.DefaultHttpxClient),
                _strict_response_validation=True,
            )
        )
        return opened[-1]

    yield sdk
    for each in opened:
        each.close()


@pytest.fixture
def anthropic_sdk(gateway, keys, statuses):
    """``anthropic_sdk(user)``: as it comes, too."""
    opened = []

    def sdk(user):
        opened.append(
            anthropic.Anthropic(
                base_url=gateway.url,
                api_key=keys[user],
                http_client=statuses.client(anthropic.DefaultHttpxClient),
                _strict_response_validation=True,
            )
        )
        return opened[-1]

    yield sdk
    for each in opened:
        each.close()


def chat(sdk, **more):
    return sdk.chat.completions.create(model=MODEL, messages=HELLO, **more)


def message(sdk):
    return sdk.messages.create(model=MODEL, messages=HELLO, max_tokens=10)


def test_an_sdk_waits_for_a_rate_as_long_as_it_is_told(gateway, keys, openai_sdk, statuses):
    with client_of(gateway, keys["waits"]) as client:
        wait_until(
            lambda: client.post("/v1/chat/completions", json=chat_body(MODEL)).status_code == 429,
            what="the limit",
        )
    assert chat(openai_sdk("waits")).choices[0].message.content == "Hello world"
    assert statuses == [429, 200]


def test_an_sdk_does_not_try_a_budget_again(openai_sdk, statuses):
    sdk = openai_sdk("used-up")
    chat(sdk)
    with pytest.raises(openai.RateLimitError) as caught:
        chat(sdk)
    assert statuses == [200, 429]
    assert (caught.value.code, caught.value.type) == ("insufficient_quota", "insufficient_quota")
    assert "Your limit `limit used-up` of 1 request a day is used up until" in str(caught.value)
    assert int(caught.value.response.headers["retry-after"]) <= 86_400


def test_anthropics_sdk_does_not_try_a_budget_again_either(anthropic_sdk, statuses):
    with pytest.raises(anthropic.RateLimitError) as caught:
        message(anthropic_sdk("none"))
    assert statuses == [429]
    error = caught.value.body["error"]
    assert error["type"] == "rate_limit_error"
    assert error["details"] == {"error_code": "insufficient_quota"}


def test_what_never_fits_is_a_bad_request(openai_sdk, anthropic_sdk, statuses):
    with pytest.raises(openai.BadRequestError) as caught:
        chat(openai_sdk("too-little"), max_tokens=1_000)
    assert caught.value.code == "request_exceeds_limit"
    with pytest.raises(anthropic.BadRequestError):
        anthropic_sdk("too-little").messages.create(model=MODEL, messages=HELLO, max_tokens=1_000)
    assert statuses == [400, 400]


def test_a_model_without_a_price_is_a_bad_request(openai_sdk):
    with pytest.raises(openai.BadRequestError) as caught:
        chat(openai_sdk("of-money"))
    assert (caught.value.code, caught.value.param) == ("unpriced_model", "model")


@pytest.mark.parametrize("is_streamed", [False, True])
def test_an_output_is_cut_to_what_fits(openai_sdk, upstream, is_streamed):
    raw = openai_sdk("too-little").chat.completions.with_raw_response.create(
        model=MODEL, messages=HELLO, stream=is_streamed
    )
    assert raw.headers["x-gateway-changed-params"] == "max_tokens"
    assert 16 <= upstream.calls[-1].json["max_tokens"] < 400
    assert int(raw.headers["x-ratelimit-limit-tokens"]) == 400
    parsed = raw.parse()
    assert list(parsed) if is_streamed else parsed.choices


def test_what_is_left_is_told_in_the_headers_of_each_api(openai_sdk, anthropic_sdk):
    sdk = openai_sdk("told")
    raw = sdk.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    left = int(raw.headers["x-ratelimit-remaining-requests"])
    assert 0 <= left < 20
    assert raw.headers["x-ratelimit-reset-requests"].endswith("s")
    raw = anthropic_sdk("told").messages.with_raw_response.create(
        model=MODEL, messages=HELLO, max_tokens=10
    )
    assert raw.headers["anthropic-ratelimit-requests-limit"] == "20"
    assert raw.headers["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert "x-ratelimit-limit-requests" not in raw.headers


def test_a_limit_that_warns_lets_through(openai_sdk):
    sdk = openai_sdk("warned")
    raw = sdk.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    assert raw.headers["x-gateway-limit-warning"] == "limit warned"


def test_chats_over_a_socket_are_refused_one_by_one(gateway, keys):
    with open_socket(gateway, keys["none"]) as socket:
        say(socket, chat_body(MODEL, request_id="a"))
        (refusal,) = heard_to_the_end(socket, "a")["a"]
        assert (refusal["type"], refusal["status"]) == ("error", 429)
        assert refusal["error"]["code"] == "insufficient_quota"
        say(socket, chat_body(MODEL, request_id="b"))
        assert heard_to_the_end(socket, "b")["b"][-1]["type"] == "error"


def test_responses_over_a_socket_are_refused_by_an_event(gateway, keys):
    with open_socket(gateway, keys["none"], path="/v1/responses") as socket:
        say(socket, {"type": "response.create", "model": MODEL, "input": "Hello"})
        refusal = heard(socket)
        assert (refusal["type"], refusal["status"]) == ("error", 429)
        assert refusal["error"]["code"] == "insufficient_quota"


def test_one_sees_ones_own_limits_and_nobody_elses(gateway, keys):
    with client_of(gateway, keys["told"]) as client:
        (limit,) = client.get("/v1/limits").json()["data"]
    assert (limit["label"], limit["share"], limit["amount"]) == ("limit told", "own", 20)
    assert limit["used"] + limit["remaining"] == 20
