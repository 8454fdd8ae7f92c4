import pytest

from resilience import error_words as words
from wire_formats.provider_errors import ProviderError

NAMES = ("QUOTA_NAMES", "OVERLOAD_NAMES", "LIMIT_NAMES", "KEY_NAMES", "FILTER_NAMES", "MODEL_NAMES")


def test_no_name_has_two_meanings():
    names = [name for group in NAMES for name in getattr(words, group)]
    assert len(names) == len(set(names))


def test_all_names_of_an_error_are_found():
    told = ProviderError(
        code="a", type="b", more={"innererror": {"code": "c"}, "status": "UNAVAILABLE"}
    )
    assert words.names_of(told) == {"a", "b", "c", "UNAVAILABLE"}


@pytest.mark.parametrize("more", [{"innererror": "c"}, {"innererror": {}}, {"status": 7}])
def test_fields_of_another_shape_name_nothing(more):
    assert words.names_of(ProviderError(more=more)) == frozenset()


def test_a_plan_that_is_used_up_is_a_limit_where_the_upstream_says_when_to_come_back():
    told = ProviderError(message="You exceeded it, please check your plan and billing details.")
    assert words.is_out_of_quota(told, is_limit=True, says_when=False)
    assert not words.is_out_of_quota(told, is_limit=True, says_when=True)


def test_a_name_of_quota_counts_whatever_else_is_said():
    assert words.is_out_of_quota(
        ProviderError(code="insufficient_quota"), is_limit=False, says_when=True
    )


@pytest.mark.parametrize(
    "message",
    [
        "The response was filtered due to Azure OpenAI's content management policy.",
        "Your request was rejected by the safety system.",
        "Your prompt was flagged as potentially violating our usage policy.",
        "The chosen model requires moderation and your input was flagged.",
    ],
)
def test_filters_are_known_by_their_sentences(message):
    assert words.is_filtered(ProviderError(message=message))


@pytest.mark.parametrize(
    "message", ["Unknown parameter: 'safety_identifier'.", "`temperature` must be moderate."]
)
def test_parameters_with_such_names_are_no_filter(message):
    assert not words.is_filtered(ProviderError(message=message))


def test_a_limit_of_the_gateways_own_account_is_not_that_of_one_caller():
    assert words.is_of_end_user(ProviderError(message="LiteLLM End User: e1, exceeded budget"))
    assert not words.is_of_end_user(ProviderError(message="LiteLLM User: u1, exceeded budget"))
