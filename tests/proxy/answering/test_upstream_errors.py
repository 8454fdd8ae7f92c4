"""An upstream's error, as far as clients may and must know it."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.answering.upstream_errors import error_from_object, error_from_response, error_in
from proxy.client_side.errors import ApiError
from tests.support.builders import SECRET
from tests.support.provider_failures import FAILURES, Failure
from wire_formats.json_numbers import read_json, write_json
from wire_formats.messages.error_types import in_anthropics_words, status_of
from wire_formats.provider_errors import error_in_body
from wire_formats.responses.dialect import RESPONSES
from wire_formats.sse import data_of

FIELDS = [
    "error",
    "errors",
    "message",
    "detail",
    "loc",
    "msg",
    "code",
    "status",
    "type",
    "param",
    "metadata",
    "raw",
    "provider_name",
    "details",
    "retryDelay",
    "innererror",
    "choices",
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def answered(status: int, body: object = b"", **headers: str) -> ApiError:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_from_response(status, names, error_in_body(raw).without(frozenset({SECRET})))


@pytest.mark.parametrize("status", [400, 404, 409, 413, 415, 422])
def test_what_the_request_did_wrong_is_passed_on(status: int) -> None:
    details = {"message": "no", "type": "t", "param": "p", "code": "c"}
    error = answered(status, {"error": details})
    assert (error.status, error.body()) == (status, {"error": details})


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_the_errors_of_providers_are_told_to_openais_clients(failure: Failure) -> None:
    error = answered(failure.status, failure.content)
    assert (error.status, error.type, error.code) == failure.openai
    assert failure.words in error.message
    assert error.param == failure.param


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_the_errors_of_providers_are_told_to_anthropics_clients(failure: Failure) -> None:
    error = answered(failure.status, failure.content)
    told = in_anthropics_words(error)
    assert (status_of(error), told["type"]) == failure.anthropic
    assert (failure.anthropic_words or failure.words) in told["message"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_the_gateways_fault(status: int) -> None:
    error = answered(status, {"error": {"message": f"bad key {SECRET}", "type": "auth"}})
    assert (error.status, error.code) == (502, "upstream_auth_failed")
    assert "bad key" not in error.message


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("rate_limit_exceeded", "rate_limit_exceeded"),
        ("insufficient_quota", "insufficient_quota"),
        (None, "provider_rate_limited"),
        (429, "provider_rate_limited"),
        ("429", "provider_rate_limited"),
    ],
)
def test_a_busy_providers_own_code_is_kept(told: object, code: str) -> None:
    error = answered(429, {"error": {"message": "slow", "code": told}})
    assert (error.status, error.code, error.message) == (429, code, "slow")


def test_googles_delay_stands_among_its_details() -> None:
    details = [{"@type": "x"}, {"retryDelay": "34.07s"}, {"retryDelay": "1s"}]
    body = [{"error": {"code": 429, "message": "Quota", "details": details}}]
    assert answered(429, body).headers == {"retry-after": "35"}
    assert answered(429, body, retry_after="7").headers == {"retry-after": "7"}
    odd = {"error": {"message": "Quota", "details": [{"retryDelay": "1.2.3s"}, 5, {}]}}
    assert answered(429, odd).headers == {}


def test_a_providers_own_fields_are_kept_without_secrets() -> None:
    inner = {"code": "Filtered", SECRET: f"https://host/x?key=abc&q=1 {SECRET}"}
    error = {"message": "no", "innererror": inner, "status": 400, "metadata": {"raw": ""}}
    told = answered(400, {"error": error}).body()["error"]
    assert told["innererror"] == {
        "code": "Filtered",
        "[removed]": "https://host/x?key=[removed]&q=1 [removed]",
    }
    assert told["status"] == 400


def test_more_than_a_client_needs_is_left_out() -> None:
    error = {"message": "no", "huge": ["x" * 2000] * 9, "small": 1}
    told = answered(400, {"error": error}).body()["error"]
    assert "huge" not in told
    assert len(orjson.dumps(told)) < 20_000


def test_a_field_in_our_own_names_cannot_be_replaced() -> None:
    told = answered(400, {"error": {"message": "no", "[removed]": 1, f"{SECRET}": 2}}).body()
    assert told["error"]["message"] == "no"


def test_a_rate_of_tokens_is_no_overflow() -> None:
    words = "Request too large for model on tokens per minute (TPM): reduce the length of messages"
    error = answered(413, {"error": {"message": words, "code": "rate_limit_exceeded"}})
    assert (error.status, error.code) == (413, "rate_limit_exceeded")


@pytest.mark.parametrize("status", [401, 403])
def test_only_a_forbidden_key_is_an_administrators_concern(status: int) -> None:
    error = answered(status, b"")
    assert error.status == (502 if status == 401 else 403)


@pytest.mark.parametrize("code", ["server_error", "invalid_prompt"])
def test_a_failed_responses_own_code_is_kept(code: str) -> None:
    error = error_from_object({"message": "m", "code": code}, secrets=frozenset())
    assert (error.code, error.status) == (code, 400 if code == "invalid_prompt" else 502)


@pytest.mark.parametrize("status", [429, 503])
def test_the_delay_a_provider_asks_for_is_kept(status: int) -> None:
    error = answered(status, retry_after="7", retry_after_ms="6500", x_ratelimit_limit="1")
    assert error.headers == {"retry-after": "7", "retry-after-ms": "6500"}


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (500, 502),
        (502, 502),
        (503, 503),
        (504, 504),
        (405, 502),
        (302, 502),
        (101, 502),
    ],
)
def test_a_failure_of_the_upstream_is_named_by_its_status_alone(status: int, shown: int) -> None:
    error = answered(status, {"error": {"message": "stack trace at 10.0.0.7"}})
    assert (error.status, error.code) == (shown, "upstream_error")
    assert error.message == f"The upstream failed with status {status}."


@pytest.mark.parametrize(
    "body", [b"<html><h1>Not found</h1></html>", b"", b"[]", b"5", b"null", b"\xff\xfe", b'{"a":']
)
def test_what_is_no_error_object_is_not_shown(body: bytes) -> None:
    error = answered(404, body)
    assert error.message == "The upstream answered with status 404."
    assert (error.type, error.param, error.code) == ("invalid_request_error", None, None)


@pytest.mark.parametrize(
    "body",
    [
        {"error": "no such thing"},
        {"message": "no such thing"},
        {"detail": "no such thing"},
        {"error": {"detail": "no such thing"}},
        {"error": {"message": "no such thing", "code": 404}},
        [{"error": {"code": 404, "message": "no such thing", "status": "NOT_FOUND"}}],
    ],
)
def test_flatter_forms_are_understood(body: object) -> None:
    error = answered(404, body)
    assert (error.status, error.message, error.code) == (404, "no such thing", None)


@pytest.mark.parametrize("field", ["message", "type", "param", "code"])
def test_the_upstreams_key_is_removed_everywhere(field: str) -> None:
    error = answered(400, {"error": {"message": "m", field: f"<{SECRET}>"}})
    assert error.body()["error"][field] == "<[removed]>"


def test_a_key_that_begins_like_another_leaves_no_rest() -> None:
    secrets = frozenset({"sk-abc", "sk-abcdef"})
    error = error_from_object({"message": "sk-abcdef sk-abc"}, secrets=secrets)
    assert error.message == "[removed] [removed]"


def test_a_message_is_cut_to_a_length() -> None:
    assert len(answered(400, {"error": {"message": "x" * 10**6}}).message) == 2000


@pytest.mark.parametrize("error", ["out of memory", {"message": "out of memory"}])
def test_an_error_within_an_answer_is_told(error: object) -> None:
    told = error_from_object(error, secrets=frozenset())
    assert (told.status, told.message) == (502, "out of memory")


@pytest.mark.parametrize(
    "answer",
    [
        {"error": True, "message": "no words"},
        {"error": "Bad Request", "message": "no words", "statusCode": 400},
        {"error": "no words", "error_type": "validation"},
        {"error": {"message": "no words"}},
        {"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "no words"}}]},
    ],
)
def test_a_whole_answer_that_is_an_error_tells_it(answer: dict) -> None:
    error = error_in(answer, secrets=frozenset())
    assert error is not None
    assert error.message == "no words"
    assert error.status == (400 if "statusCode" in answer else 502)


@pytest.mark.parametrize("error", [[5], 5, True, {"message": None}, {"message": {"a": 1}}])
def test_an_error_without_words_is_still_an_error(error: object) -> None:
    assert (
        error_from_object(error, secrets=frozenset()).message == "The upstream reported an error."
    )


@pytest.mark.parametrize(("code", "status"), [(404, 404), ("429", 429), (401, 502), (500, 502)])
def test_a_status_within_an_answer_counts(code: object, status: int) -> None:
    assert error_from_object({"message": "m", "code": code}, secrets=frozenset()).status == status


@given(json_values, st.sampled_from([400, 401, 404, 429, 500]))
def test_any_json_becomes_a_proper_error(body: object, status: int) -> None:
    for error in (answered(status, body), error_from_object(body, secrets=frozenset())):
        fields = error.body()["error"]
        assert write_json([fields, in_anthropics_words(error)])
        assert all(isinstance(fields[name], str) for name in ("message", "type"))
        assert all(isinstance(fields[name], str | None) for name in ("param", "code"))
        assert fields["message"]
        assert 400 <= error.status < 600


def test_odd_numbers_and_deep_nesting_in_an_error_do_no_harm() -> None:
    deep: list = []
    for _ in range(900):
        deep = [deep]
    numbers = read_json(b"[1.50, 123456789012345678901234]")
    error = error_from_object(
        {"detail": "no", "code": 400, "retry": numbers, "deep": deep}, secrets=frozenset()
    )
    assert (error.status, error.message) == (400, "no")


def php_json(told):
    return json.dumps(told).replace("/", r"\/").encode()


@pytest.mark.parametrize("secret", ["sk-ab/cd+ef", 'sk-"quoted"', "sk-\\back", "1", "response"])
@pytest.mark.parametrize("spelling", [orjson.dumps, php_json])
def test_a_failed_response_keeps_secrets_however_they_are_spelled(secret, spelling):
    failed = {"object": "response", "id": "resp_1", "created_at": 1, "status": "failed"}
    failed["error"] = {"code": "server_error", "message": f"Key {secret} is no good.", "n": 1}
    told = {"type": "response.failed", "sequence_number": 1, "response": failed}
    event = b"event: response.failed\ndata: " + spelling(told) + b"\n\n"
    event = RESPONSES.clean(event, frozenset({secret}))
    assert event.startswith(b"event: response.failed\n")
    found = orjson.loads(data_of(event))
    assert found["response"].pop("error")["message"] == "Key [removed] is no good."
    assert found["response"] == {name: failed[name] for name in failed if name != "error"}


@pytest.mark.parametrize("error", [None, "Boom", {"message": None}, 7])
def test_a_failure_without_secrets_passes_as_it_came(error):
    event = b'data: {"type":"response.failed" , "response":' + orjson.dumps({"error": error})
    assert RESPONSES.clean(event + b"}\n\n", frozenset({"sk-x"})) == event + b"}\n\n"
