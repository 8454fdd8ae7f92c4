"""How much a provider may answer."""

import pytest
from allauth.socialaccount.adapter import get_adapter

from accounts.oidc.bounded import LARGEST_BYTES
from accounts.oidc.errors import OidcError
from tests.support.responders import chunk, head, json_response, raw
from tests.support.upstream import ScriptedUpstream


@pytest.fixture(scope="module")
def provider():
    with ScriptedUpstream() as server:
        yield server


def asked(provider, path="/document"):
    with get_adapter().get_requests_session() as session:
        return session.get(f"{provider.url.removesuffix('/v1')}{path}")


def test_a_document_is_read(provider):
    provider.on("GET", "/document", json_response({"issuer": "x"}))
    answer = asked(provider)
    assert (answer.status_code, answer.json()) == (200, {"issuer": "x"})


@pytest.mark.parametrize("times", [1, 1000])
def test_what_is_too_large_is_refused_however_it_is_declared(provider, times):
    piece = b" " * (LARGEST_BYTES // times + 1)
    declared = head(content_length=str(len(piece))) + piece
    chunked = head(transfer_encoding="chunked") + chunk(piece) * times
    provider.on("GET", "/document", raw(declared if times == 1 else chunked))
    with pytest.raises(OidcError, match="too large"):
        asked(provider)


def test_what_is_nested_too_deep_is_refused(provider):
    provider.on("GET", "/document", raw(head(content_length="100000") + b"[" * 100_000))
    with pytest.raises(OidcError, match="too deep"):
        asked(provider)


def test_a_redirect_is_bounded_as_well(provider):
    body = b" " * (LARGEST_BYTES + 1)
    moved = head(302, location="/document", content_length=str(len(body)))
    provider.on("GET", "/moved", raw(moved + body))
    provider.on("GET", "/document", json_response({}))
    with pytest.raises(OidcError, match="too large"):
        asked(provider, "/moved")
