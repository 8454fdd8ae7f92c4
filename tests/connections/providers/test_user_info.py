"""What upstreams are told of who is asking: nothing, headers, or a token."""

import jwt
import pytest

from connections.providers.registry import adapter_for
from tests.support.builders import a_call, a_caller, an_upstream

SECRET = "0123456789abcdef0123456789abcdef"
ADA = a_caller(display_name="Ada Lövelace\r\nX-Injected: 1", email="ada@example.com")


def headers_sent(*, chat_id="", forward=True, **fields):
    call = a_call(caller=ADA, chat_id=chat_id)
    return adapter_for(an_upstream(**fields)).request(call, forward_user_info=forward).headers


@pytest.fixture
def signing(settings):
    settings.GATEWAY_USER_INFO_JWT_SECRET = SECRET


def test_nothing_is_told_unless_asked_for(signing):
    told = {name for name in headers_sent(forward=False) if name.startswith("x-")}
    assert told == {"x-gateway-hops"}


def test_headers_as_open_webui_has_them():
    headers = headers_sent(chat_id="chat 1é")
    assert headers["X-OpenWebUI-User-Name"] == "Ada L%C3%B6velace%0D%0AX-Injected%3A 1"
    assert headers["X-OpenWebUI-User-Id"] == "7"
    assert headers["X-OpenWebUI-User-Email"] == "ada@example.com"
    assert headers["X-OpenWebUI-User-Role"] == "user"
    assert headers["X-OpenWebUI-Chat-Id"] == "chat%201%C3%A9"


def test_the_headers_may_begin_otherwise(settings):
    settings.GATEWAY_USER_INFO_HEADER_PREFIX = "X-Acme"
    assert headers_sent()["X-Acme-User-Id"] == "7"


def test_a_token_in_their_place(signing, settings):
    settings.GATEWAY_USER_INFO_JWT_HEADER = "X-Who"
    headers = headers_sent(chat_id="chat-1")
    claims = jwt.decode(headers["X-Who"], SECRET, algorithms=["HS256"], audience="one")
    assert claims["iss"] == "gatehouse"
    assert claims["exp"] - claims["iat"] == 300
    assert (claims["sub"], claims["role"], claims["chat_id"]) == ("7", "user", "chat-1")
    assert (claims["name"], claims["email"]) == (ADA.display_name, ADA.email)
    assert not [name for name in headers if name.startswith("x-openwebui")]


def test_a_token_is_for_one_connection_only(signing):
    token = headers_sent()["X-Gateway-User"]
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, SECRET, algorithms=["HS256"], audience="another")
