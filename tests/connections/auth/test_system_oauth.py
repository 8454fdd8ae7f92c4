import httpx
import pytest

from connections.auth.base import NoCallerError, SignInRequiredError
from connections.auth.system_oauth import SystemOAuth, use_token_source
from connections.request_extensions import CALL_EXTENSION
from tests.support.builders import a_call, an_upstream


@pytest.fixture(autouse=True)
def no_source():
    yield
    use_token_source(None)


async def signed(call, **fields):
    extensions = {CALL_EXTENSION: call} if call else {}
    request = httpx.Request("POST", "https://one.example/v1", extensions=extensions)
    auth = SystemOAuth(an_upstream(auth_type="system_oauth", **fields))
    return (await anext(auth.async_auth_flow(request))).headers


async def of_ada(call):
    return f"oauth-of-{call.caller.username}"


async def test_token_of_the_caller_is_sent():
    use_token_source(of_ada)

    headers = await signed(a_call(credential="sk-gw-mine", cookies="a=1"))

    assert headers["authorization"] == "Bearer oauth-of-ada"
    assert "cookie" not in headers


async def test_cookies_go_where_the_connection_says_so():
    use_token_source(of_ada)

    assert (await signed(a_call(cookies="a=1"), forward_cookies=True))["cookie"] == "a=1"


async def test_who_has_no_token_is_asked_to_sign_in_again():
    with pytest.raises(SignInRequiredError, match="Sign in again"):
        await signed(a_call())


async def test_gateway_itself_has_no_token():
    use_token_source(of_ada)

    with pytest.raises(NoCallerError):
        await signed(None)
