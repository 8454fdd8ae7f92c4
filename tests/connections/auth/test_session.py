from dataclasses import replace

import httpx
import pytest

from accounts.caller import Caller
from connections.auth.base import NoCallerError
from connections.auth.session import SessionAuth
from connections.request_extensions import CALL_EXTENSION
from tests.support.builders import a_call, an_upstream


async def signed(call=None, **fields):
    """The credential's headers of a request for ``call``."""
    extensions = {CALL_EXTENSION: call} if call else {}
    request = httpx.Request("POST", "https://one.example/v1", extensions=extensions)
    auth = SessionAuth(an_upstream(auth_type="session", **fields))
    sent = await anext(auth.async_auth_flow(request))
    return {name: sent.headers.get(name) for name in ("authorization", "cookie")}


async def test_callers_credential_is_passed_on_and_no_cookie():
    call = a_call(credential="sk-gw-mine", cookies="a=1")

    assert await signed(call) == {"authorization": "Bearer sk-gw-mine", "cookie": None}


async def test_cookies_go_where_the_connection_says_so():
    call = a_call(credential="sk-gw-mine", cookies="a=1; b=2")

    assert (await signed(call, forward_cookies=True))["cookie"] == "a=1; b=2"


@pytest.mark.parametrize(
    "call", [None, a_call(caller=Caller.system(), credential="x"), a_call(credential="")]
)
async def test_without_a_caller_there_is_nothing_to_pass_on(call):
    with pytest.raises(NoCallerError, match="credential of its caller") as caught:
        await signed(call)

    assert "model_ids" in caught.value.hint


@pytest.mark.parametrize(
    "field", [{"spoken_for": "ada@example.com"}, {"may_speak_for_users": True}]
)
async def test_a_key_that_speaks_for_users_goes_to_no_upstream(field):
    call = a_call(credential="sk-gw-trusted")
    call = replace(call, caller=replace(call.caller, **field))

    with pytest.raises(NoCallerError):
        await signed(call)
