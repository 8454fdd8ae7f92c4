import pytest

from accounts.authentication import presented_key, presented_key_of_handshake
from accounts.authentication_errors import ConflictingCredentials

KEY, OTHER = "sk-gw-one", "sk-gw-other"


@pytest.mark.parametrize(
    "meta",
    [
        {"HTTP_AUTHORIZATION": f"Bearer {KEY}"},
        {"HTTP_AUTHORIZATION": f"bearer  {KEY} "},
        {"HTTP_API_KEY": KEY},
        {"HTTP_X_API_KEY": f" {KEY}"},
        {"HTTP_AUTHORIZATION": f"Bearer {KEY}", "HTTP_API_KEY": KEY, "HTTP_X_API_KEY": ""},
    ],
)
def test_key_is_found_in_every_header_it_may_stand_in(meta):
    assert presented_key(meta) == KEY


@pytest.mark.parametrize("meta", [{}, {"HTTP_AUTHORIZATION": f"Basic {KEY}"}, {"HTTP_API_KEY": ""}])
def test_other_requests_present_no_key(meta):
    assert presented_key(meta) == ""


@pytest.mark.parametrize(
    "meta",
    [
        {"HTTP_AUTHORIZATION": f"Bearer {KEY}", "HTTP_API_KEY": OTHER},
        {"HTTP_API_KEY": KEY, "HTTP_X_API_KEY": OTHER},
        {"HTTP_AUTHORIZATION": "Basic dXNlcg==", "HTTP_X_API_KEY": KEY},
    ],
)
def test_different_credentials_conflict(meta):
    with pytest.raises(ConflictingCredentials):
        presented_key(meta)


@pytest.mark.parametrize(
    ("headers", "subprotocols"),
    [
        ([(b"authorization", f"Bearer {KEY}".encode())], []),
        ([(b"api-key", KEY.encode())], ["realtime"]),
        ([(b"x-api-key", KEY.encode())], []),
        ([], ["realtime", f"openai-insecure-api-key.{KEY}", "openai-beta.realtime-v1"]),
        ([(b"api-key", KEY.encode())], [f"openai-insecure-api-key.{KEY}"]),
    ],
)
def test_handshake_presents_its_key_in_a_header_or_a_subprotocol(headers, subprotocols):
    assert presented_key_of_handshake(headers, subprotocols) == KEY


@pytest.mark.parametrize(
    ("headers", "subprotocols"),
    [
        ([(b"api-key", KEY.encode())], [f"openai-insecure-api-key.{OTHER}"]),
        ([(b"api-key", KEY.encode()), (b"api-key", OTHER.encode())], []),
        ([], [f"openai-insecure-api-key.{KEY}", f"openai-insecure-api-key.{OTHER}"]),
    ],
)
def test_different_credentials_of_a_handshake_conflict(headers, subprotocols):
    with pytest.raises(ConflictingCredentials):
        presented_key_of_handshake(headers, subprotocols)


def test_handshake_without_a_key_presents_none():
    assert presented_key_of_handshake([(b"cookie", b"a=b")], ["realtime"]) == ""
