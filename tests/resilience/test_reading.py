import pytest

from connections.errors import (
    MaybeProcessedError,
    MidStreamError,
    NotSentError,
    ProxyFailedError,
    StoppingError,
)
from resilience.outcomes import Kind, Outcome
from resilience.policy import Policy
from resilience.reading import outcome_of_failure, outcome_of_response, outcome_of_told
from resilience.verdict import Next, Signal, verdict
from wire_formats.provider_errors import ProviderError, error_in_body, read_error

NOTHING = ProviderError()


def kind_of(status, told=NOTHING, headers=None):
    return outcome_of_response(status, headers or {}, told).kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (101, Kind.SUCCESS),
        (200, Kind.SUCCESS),
        (204, Kind.SUCCESS),
        (302, Kind.FAILED),
        (400, Kind.REFUSED),
        (401, Kind.KEY_REFUSED),
        (402, Kind.OUT_OF_QUOTA),
        (403, Kind.CANNOT_BE_ASKED),
        (404, Kind.REFUSED),
        (409, Kind.REFUSED),
        (413, Kind.REFUSED),
        (415, Kind.REFUSED),
        (422, Kind.REFUSED),
        (429, Kind.RATE_LIMITED),
        (500, Kind.FAILED),
        (502, Kind.FAILED),
        (503, Kind.OVERLOADED),
        (504, Kind.FAILED),
        (508, Kind.FAILED),
        (529, Kind.OVERLOADED),
    ],
)
def test_a_status_without_a_word_has_a_meaning(status, kind):
    assert outcome_of_response(status, {}, NOTHING) == Outcome(kind=kind, status=status)


def test_a_gateway_that_was_there_before_leads_back():
    assert kind_of(508, headers={"x-gateway-hops": "a, b"}) is Kind.LED_BACK


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        # What a 403 is about.
        (403, {"message": "Your API key cannot use this."}, Kind.KEY_REFUSED),
        (403, {"message": "Your input was flagged."}, Kind.FILTERED),
        (403, {"message": "Your country is not supported."}, Kind.CANNOT_BE_ASKED),
        (403, {"message": "No access.", "code": "model_not_found"}, Kind.MODEL_UNKNOWN),
        # Keys that are refused under another status.
        (400, {"message": "API key not valid. Please pass a valid API key."}, Kind.KEY_REFUSED),
        (400, {"message": "Incorrect API key provided: xa**k."}, Kind.KEY_REFUSED),
        (400, {"message": "Wrong.", "code": "invalid_api_key"}, Kind.KEY_REFUSED),
        # Limits that no waiting helps against.
        (429, {"message": "", "code": "insufficient_quota"}, Kind.OUT_OF_QUOTA),
        (429, {"message": "", "type": "insufficient_quota"}, Kind.OUT_OF_QUOTA),
        (429, {"message": "", "type": "exceeded_current_quota_error"}, Kind.OUT_OF_QUOTA),
        (429, {"message": "Please check your plan and billing details."}, Kind.OUT_OF_QUOTA),
        (400, {"message": "", "code": "billing_hard_limit_reached"}, Kind.OUT_OF_QUOTA),
        (400, {"message": "Your credit balance is too low to …"}, Kind.OUT_OF_QUOTA),
        (403, {"message": "Insufficient credits. Add more."}, Kind.OUT_OF_QUOTA),
        (429, {"message": "Slow.", "code": "rate_limit_exceeded"}, Kind.RATE_LIMITED),
        (429, {"message": "Busy.", "type": "engine_overloaded_error"}, Kind.RATE_LIMITED),
        (
            429,
            {"message": "… check your plan and billing …", "status": "RESOURCE_EXHAUSTED"},
            Kind.RATE_LIMITED,
        ),
        # Words that say more than a 5xx.
        (500, {"message": "Overloaded", "type": "overloaded_error"}, Kind.OVERLOADED),
        (500, {"message": "Oops", "type": "server_error"}, Kind.FAILED),
        (500, {"message": "", "code": "context_length_exceeded"}, Kind.TOO_LONG),
        # What is wrong with the request.
        (400, {"message": "", "code": "context_length_exceeded"}, Kind.TOO_LONG),
        (400, {"message": "prompt is too long: 9 tokens > 8 maximum"}, Kind.TOO_LONG),
        (413, {"message": "Prompt is too long"}, Kind.TOO_LONG),
        (400, {"message": "", "code": "content_filter"}, Kind.FILTERED),
        (400, {"message": "", "code": "content_policy_violation"}, Kind.FILTERED),
        (400, {"message": "", "code": "moderation_blocked"}, Kind.FILTERED),
        (400, {"message": "…", "code": "invalid_prompt"}, Kind.REFUSED),
        (400, {"message": "It was flagged as unsafe", "code": "invalid_prompt"}, Kind.FILTERED),
        (
            400,
            {"message": "", "innererror": {"code": "ResponsibleAIPolicyViolation"}},
            Kind.FILTERED,
        ),
        (400, {"message": "", "innererror": {"code": 7}}, Kind.REFUSED),
        (409, {"message": "It was flagged as unsafe"}, Kind.REFUSED),
    ],
)
def test_a_word_says_more_than_the_status(status, error, kind):
    assert kind_of(status, read_error(error)) is kind


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, {"message": "", "code": "model_not_found"}),
        (404, {"message": "", "code": "model_not_found", "param": "model"}),
        (404, {"message": "", "code": "DeploymentNotFound"}),
        (404, {"message": "The model `x` does not exist.", "type": "NotFoundError"}),
        (404, {"message": "model 'x' not found"}),
        (404, {"message": "model: claude-x", "type": "not_found_error"}),
        (404, {"message": "models/x is not found for API version v1beta, or is not supported"}),
        (404, {"message": "No endpoints found for a/b."}),
        (400, {"message": "a/b is not a valid model ID"}),
    ],
)
def test_an_upstream_that_lacks_the_model_says_so_in_many_ways(status, error):
    assert kind_of(status, read_error(error)) is Kind.MODEL_UNKNOWN


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, {"message": "", "code": "previous_response_not_found"}),
        (404, {"message": "No endpoints found that support tool use."}),
        (404, {"message": "", "code": "model_not_found", "param": "tools[0].model"}),
        (400, {"message": "Invalid value: 'the model `x` does not exist'"}),
        (422, {"message": "The model `x` does not exist."}),
    ],
)
def test_a_request_that_names_what_is_not_there_leaves_the_model_alone(status, error):
    assert kind_of(status, read_error(error)) is Kind.REFUSED


@pytest.mark.parametrize(
    "quoted",
    [
        "credit balance is too low",
        "insufficient credits",
        "API key not valid",
        "check your plan and billing",
        "model x does not exist",
    ],
)
@pytest.mark.parametrize(
    "sentence",
    [
        "Invalid value: '{}'. Supported values are: 'low'.",  # OpenAI
        "{}: Extra inputs are not permitted",  # Anthropic, of a field that the client has named
    ],
)
def test_a_client_takes_nothing_away_by_having_a_sentence_quoted(sentence, quoted):
    assert kind_of(400, ProviderError(message=sentence.format(quoted))) is Kind.REFUSED


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_was_made_for_other_things_stays_alive(status):
    told = read_error(
        {
            "message": "You have insufficient permissions for this operation. Missing scopes: "
            "images.write. Check that, if you're using a restricted API key, it has the scopes.",
            "code": "missing_scope",
        }
    )
    assert kind_of(status, told) is Kind.CANNOT_BE_ASKED


@pytest.mark.parametrize(
    "message",
    [
        "Your API key does not have permission to use the specified resource.",
        "You do not have permission to access the File api-key or it may not exist.",
        "The caller does not have permission",
        "You may not use the voice 'invalid key'.",
        "Permission 'aiplatform.endpoints.predict' denied on resource.",
        "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:ApplyGuardrail",
    ],
)
def test_what_is_forbidden_to_a_key_does_not_speak_against_the_key(message):
    assert kind_of(403, ProviderError(message=message)) is Kind.CANNOT_BE_ASKED


@pytest.mark.parametrize(
    "message",
    [
        "Access denied due to invalid subscription key.",
        "Your API key was reported as leaked. Please use another API key.",
        "Your organization's API key isn't valid.",
    ],
)
def test_a_403_about_the_key_itself_counts(message):
    assert kind_of(403, ProviderError(message=message)) is Kind.KEY_REFUSED


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (429, "Request too large for gpt-4o in organization o on tokens per min (TPM): Limit 1."),
        (402, "This request requires more credits, or fewer max_tokens. You can afford 2041."),
        (429, "Extra usage is required for long context requests."),
    ],
)
def test_a_request_that_is_too_large_by_itself_keeps_no_other_from_the_key(status, message):
    outcome = outcome_of_response(status, {"retry-after": "60"}, ProviderError(message=message))
    assert outcome.kind is Kind.CANNOT_BE_ASKED
    assert verdict(outcome, Policy()).cooldown is None


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "nope/nope is not a valid model ID", ""),  # OpenRouter, of the field `models`
        (404, "The model `nope` does not exist or you do not have access to it.", ""),
        (404, "The tool's model 'nope' is not there.", "model_not_found"),
        (404, "No endpoints found for nope.", ""),
    ],
)
def test_another_model_that_the_client_named_leaves_the_one_asked_alone(status, message, code):
    told = ProviderError(message=message, code=code)
    assert outcome_of_response(status, {}, told, model="gpt-4o").kind is Kind.CANNOT_BE_ASKED
    assert outcome_of_response(status, {}, told, model="nope").kind is not Kind.REFUSED


@pytest.mark.parametrize(
    ("message", "model"),
    [
        ("The model `gpt-4o` does not exist.", "gpt-4o"),
        ("model 'llama3:latest' not found", "llama3"),
        ("models/gemini-x is not found for API version v1beta.", "gemini-x"),
        ("The API deployment for this resource does not exist.", "gpt-4o"),
    ],
)
def test_the_model_that_was_asked_is_known_by_any_of_its_names(message, model):
    told = ProviderError(message=message)
    assert outcome_of_response(404, {}, told, model=model).kind is Kind.MODEL_UNKNOWN


@pytest.mark.parametrize(
    ("method", "kind"),
    [("embedContent", Kind.REFUSED), ("generateContent", Kind.MODEL_UNKNOWN)],
)
def test_a_model_that_is_asked_for_what_it_cannot_do_is_not_unknown(method, kind):
    told = ProviderError(
        message="models/gemini-x is not found for API version v1main, or is not supported for "
        f"{method}. Call ListModels to see the list of available models."
    )
    assert kind_of(404, told) is kind


def test_a_quota_that_says_when_to_come_back_is_a_limit():
    told = ProviderError(message="Please check your plan and billing details.")
    outcome = outcome_of_response(429, {"retry-after": "20"}, told)
    assert outcome == Outcome(kind=Kind.RATE_LIMITED, status=429, retry_after=20.0)


@pytest.mark.parametrize("status", [429, 503, 529])
def test_what_is_asked_for_comes_with_limits_and_overload(status):
    assert outcome_of_response(status, {"retry-after": "17"}, NOTHING).retry_after == 17.0


@pytest.mark.parametrize("status", [400, 401, 402, 500, 502])
def test_a_retry_after_with_any_other_outcome_is_passed_over(status):
    assert outcome_of_response(status, {"retry-after": "17"}, NOTHING).retry_after is None


def test_dates_are_reckoned_from_now():
    headers = {"retry-after": "Sun, 06 Nov 1994 08:50:07 GMT"}
    assert outcome_of_response(429, headers, NOTHING, now=784111777.0).retry_after == 30.0


def test_ends_of_limits_count_for_limits_alone():
    headers = {"x-ratelimit-reset-requests": "6m0s"}
    assert outcome_of_response(429, headers, NOTHING).retry_after == 360.0
    assert outcome_of_response(503, headers, NOTHING).retry_after is None


@pytest.mark.parametrize(
    ("code", "kind_name", "expected"),
    [
        ("rate_limit_exceeded", "", "rate_limit_exceeded"),
        ("", "rate_limit_error", "rate_limit_error"),
        ("Slow down, please", "rate_limit_error", "rate_limit_error"),
        ("x" * 101, "", ""),
        ("<script>", "", ""),
    ],
)
def test_the_code_is_a_name_or_nothing(code, kind_name, expected):
    assert outcome_of_response(429, {}, ProviderError(code=code, type=kind_name)).code == expected


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "", "code": "rate_limit_exceeded"}, Kind.RATE_LIMITED),
        ({"message": "", "type": "rate_limit_error"}, Kind.RATE_LIMITED),
        ({"message": "", "code": "too_many_requests"}, Kind.RATE_LIMITED),
        ({"message": "", "code": "insufficient_quota"}, Kind.OUT_OF_QUOTA),
        ({"message": "", "code": "billing_not_active"}, Kind.OUT_OF_QUOTA),
        ({"message": "", "type": "billing_error"}, Kind.OUT_OF_QUOTA),
        ({"message": "", "type": "overloaded_error"}, Kind.OVERLOADED),
        ({"message": "", "code": "server_is_overloaded"}, Kind.OVERLOADED),
        ({"message": "", "code": "server_error"}, Kind.FAILED),
        ({"message": "", "code": "context_length_exceeded"}, Kind.TOO_LONG),
        ({"message": "", "code": "content_filter"}, Kind.FILTERED),
        ({"message": "", "code": "moderation_blocked"}, Kind.FILTERED),
        ({"message": "", "code": "invalid_api_key"}, Kind.KEY_REFUSED),
        ({"message": "", "code": "model_not_found"}, Kind.MODEL_UNKNOWN),
        ({"message": "", "code": "DeploymentNotFound"}, Kind.MODEL_UNKNOWN),
        ({"message": "", "type": "invalid_request_error"}, Kind.REFUSED),
        ({"message": "Slow", "code": 429}, Kind.RATE_LIMITED),
        ({"message": "Bad gateway", "code": 502}, Kind.FAILED),
        ({"message": "Fine", "code": 200}, Kind.FAILED),
        ({"message": "Busy", "code": 503}, Kind.OVERLOADED),
        ({"message": "Something"}, Kind.FAILED),
        ("Something", Kind.FAILED),
        ({}, Kind.FAILED),
    ],
)
def test_an_error_within_a_success_counts_by_its_status_or_its_word(error, kind):
    assert outcome_of_told(read_error(error)).kind is kind


def test_an_error_without_status_or_known_word_counts_as_a_500():
    outcome = outcome_of_told(ProviderError(message="Something", code="odd_thing"))
    assert outcome == Outcome(kind=Kind.FAILED, status=500, code="odd_thing")


def test_a_limit_within_a_success_says_when_in_its_sentence():
    told = read_error({"message": "Please try again in 11.5s.", "code": "rate_limit_exceeded"})
    assert outcome_of_told(told).retry_after == 11.5


def test_a_limit_of_googles_says_when_among_its_details():
    body = (
        b'[{"error": {"code": 429, "message": "Quota exceeded, check your plan and billing",'
        b' "status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "36s"}]}}]'
    )
    outcome = outcome_of_response(429, {}, error_in_body(body))
    assert (outcome.kind, outcome.retry_after) == (Kind.RATE_LIMITED, 36.0)


@pytest.mark.parametrize(
    ("exc", "kind"),
    [
        (NotSentError("x"), Kind.NOT_SENT),
        (ProxyFailedError("x"), Kind.NOT_SENT),
        (MaybeProcessedError("x"), Kind.FAILED),
        (MidStreamError("x"), Kind.FAILED),
    ],
    ids=["not sent", "proxy", "maybe processed", "mid-stream"],
)
def test_a_failure_before_content_is_clean_only_if_nothing_was_sent(exc, kind):
    outcome = outcome_of_failure(exc)
    assert outcome == Outcome(kind=kind)
    assert outcome.is_clean is (kind is Kind.NOT_SENT)


def test_a_worker_that_stops_is_nobodys_failure():
    outcome = outcome_of_failure(StoppingError("x"))
    assert outcome == Outcome(kind=Kind.STOPPED)
    assert verdict(outcome, Policy()).signal is Signal.NOTHING


def test_silence_has_a_code_of_its_own():
    assert outcome_of_failure(MaybeProcessedError("x", is_timeout=True)).code == "upstream_timeout"


@pytest.mark.parametrize("status", [429, 400, 404, 409, 413, 415, 422, 401, 402, 403])
def test_no_limit_and_no_refusal_ever_counts_for_the_breaker(status):
    for code in ("", "insufficient_quota", "overloaded_error", "context_length_exceeded"):
        outcome = outcome_of_response(status, {}, ProviderError(code=code))
        assert verdict(outcome, Policy()).signal is Signal.NOTHING


END_USERS = (
    "ExceededBudget: End User=u1 over budget. Spend=3.0, Budget=2.0",
    "LiteLLM Rate Limit Handler for rate limit type = customer. Crossed TPM / RPM / Max Parallel.",
    "Rate limit exceeded for end_user: u1. Limit type: requests. Current limit: 1, Remaining: 0.",
)


@pytest.mark.parametrize("message", END_USERS)
def test_a_limit_of_one_caller_keeps_no_other_from_the_key(message):
    outcome = outcome_of_response(429, {"retry-after": "60"}, ProviderError(message=message))
    assert (outcome.kind, outcome.retry_after) == (Kind.RATE_LIMITED, 60.0)
    follows = verdict(outcome, Policy())
    assert (follows.cooldown, follows.signal) == (None, Signal.NOTHING)
    assert follows.next is Next.OTHER_TARGET
    assert kind_of(401, ProviderError(message=message)) is Kind.CANNOT_BE_ASKED


@pytest.mark.parametrize(
    "message",
    [
        "Rate limit exceeded for api_key: ab12. Limit type: requests.",
        "LiteLLM Rate Limit Handler for rate limit type = user. Crossed TPM / RPM.",
        "Rate limit reached for gpt-4o in organization org-1 on tokens per min.",
        "You sent 'Rate limit exceeded for end_user: x' too often.",
        "Slow down.",
    ],
)
def test_any_other_limit_is_that_of_the_key(message):
    outcome = outcome_of_response(429, {}, ProviderError(message=message))
    assert verdict(outcome, Policy()).cooldown is not None
