"""Settings that cannot work are told of."""

import pytest

from accounts.oidc.checks import check_provider, check_sso_only


def ids(found):
    return [message.id for message in found]


@pytest.fixture
def _provider(settings):
    settings.OIDC_ISSUER = "https://id.example/realms/main"
    settings.OIDC_CLIENT_ID = "gatehouse"


@pytest.mark.usefixtures("_provider")
@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("OIDC_NAME", "ID", []),
        ("OIDC_ISSUER", "http://127.0.0.1:8080", []),
        ("OIDC_ISSUER", "http://id.example", ["accounts.E006"]),
        ("OIDC_ISSUER", "https://[", ["accounts.E006"]),
        ("OIDC_ISSUER", "id.example", ["accounts.E006"]),
        ("OIDC_ISSUER", f"https://id.example/{'x' * 200}", ["accounts.E006"]),
        ("OIDC_CLIENT_ID", "", ["accounts.E007"]),
        ("OIDC_SCOPES", ["email"], ["accounts.E008"]),
        ("OIDC_GROUP_MAPPING", {"a": 1}, ["accounts.E009"]),
    ],
)
def test_a_provider_is_looked_at(settings, name, value, found):
    setattr(settings, name, value)
    assert ids(check_provider()) == found


def test_sso_alone_needs_a_provider_and_a_superuser(settings):
    settings.GATEWAY_SSO_ONLY = True
    assert ids(check_sso_only()) == ["accounts.E010"]
    settings.OIDC_ISSUER = "https://id.example"
    assert ids(check_sso_only()) == ["accounts.W001"]
    settings.OIDC_SUPERUSER_GROUPS = ["root"]
    assert ids(check_sso_only()) == []
