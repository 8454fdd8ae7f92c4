import pytest

from accounts.checks import check_token_issuer


def found(settings, **values):
    defaults = {"ISSUER": "https://id.example", "AUDIENCE": "gatehouse", "ALGORITHMS": ["RS256"]}
    for name, value in (defaults | values).items():
        setattr(settings, f"GATEWAY_JWT_{name}", value)
    return [message.id for message in check_token_issuer()]


def test_sound_issuer_is_not_remarked_upon(settings):
    assert found(settings) == []


def test_without_an_issuer_nothing_else_matters(settings):
    assert found(settings, ISSUER="", AUDIENCE="", ALGORITHMS=["none"]) == []


def test_issuer_without_an_audience_is_an_error(settings):
    assert found(settings, AUDIENCE="") == ["accounts.E004"]


@pytest.mark.parametrize("algorithm", ["HS256", "none", "rs256"])
def test_signature_that_proves_nothing_is_an_error(settings, algorithm):
    assert found(settings, ALGORITHMS=["RS256", algorithm]) == ["accounts.E005"]
