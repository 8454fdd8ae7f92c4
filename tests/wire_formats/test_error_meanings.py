"""The meaning of an error's names and words."""

import pytest

from wire_formats.error_meanings import is_about_credentials, status_named

CREDENTIALS = (
    "Your API key does not have permission to use the specified resource.",
    "Method doesn't allow unregistered callers (callers without established identity).",
    "The caller does not have permission",
    "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform' (or it may not).",
    "The principal `x` lacks the required data action `y`.",
    "AccessDeniedException: User is not authorized to perform: bedrock:InvokeModel",
    "Access denied due to invalid subscription key.",
    "The security token included in the request is invalid.",
    "bad key",
    "Token expired.",
)
OTHERS = (
    "Country, region, or territory not supported",
    "Your input was flagged.",
    "Request blocked: prompt injection patterns detected in api_key",
    "The model requires moderation.",
    "You don't have access to the model with the specified model ID.",
    "This model is only available in the EU.",
    "",
)


@pytest.mark.parametrize("words", CREDENTIALS)
def test_words_about_credentials(words):
    assert is_about_credentials(words, "", "")


@pytest.mark.parametrize("words", OTHERS)
def test_words_about_other_things(words):
    assert not is_about_credentials(words, "permission_denied", "permission_error")


def test_a_name_may_stand_for_a_status():
    assert status_named("", "x", "RESOURCE_EXHAUSTED") == 429
    assert status_named("overloaded_error") == 529
    assert status_named("server_error", "") == 0
