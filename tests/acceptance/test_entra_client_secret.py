"""A client secret at Microsoft Entra ID, whose authority is on loopback, with a certificate."""

import ssl
from urllib.parse import parse_qs

import pytest
import trustme

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.responders import json_response
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

TOKEN = "entra-token-of-a-client-secret"
TENANT = "00000000-0000-0000-0000-000000000001"


@pytest.fixture(scope="module")
def authority_ca():
    return trustme.CA()


@pytest.fixture(scope="module")
def authority(authority_ca):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority_ca.issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedUpstream(tls=context) as server:
        granted = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        server.on("POST", f"/{TENANT}/oauth2/v2.0/token", json_response(granted))
        yield server


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory, authority, authority_ca, upstream):
    directory = tmp_path_factory.mktemp("entra")
    ca_file = directory / "ca.pem"
    authority_ca.cert_pem.write_to_path(str(ca_file))
    environment = {
        "AZURE_AUTHORITY_HOST": f"127.0.0.1:{authority.port}",
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": "the-client",
        "AZURE_CLIENT_SECRET": "the-client-secret",
        "GATEWAY_ENTRA_SCOPE": "https://cognitiveservices.azure.us/.default",
        "GATEWAY_IDENTITY_HOSTS": f"http://127.0.0.1:{upstream.port}",
        "SSL_CERT_FILE": str(ca_file),
    }
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        connection = {"name": "azure", "base_url": upstream.url, "auth_type": "azure_ad"}
        gateway.configure(connections=[connection])
        yield gateway


def test_token_is_asked_for_once_and_signs_every_request(gateway, authority, upstream):
    with client_of(gateway, gateway.api_key("root", is_staff=True)) as client:
        wait_for_models(client, "gpt-4o")
        for _ in range(3):
            assert client.post(CHAT, json=chat_body("gpt-4o")).status_code == 200

    [request] = authority.requests
    form = parse_qs(request.body.decode())
    assert form["scope"] == ["https://cognitiveservices.azure.us/.default"]
    assert (form["client_id"], form["client_secret"]) == (["the-client"], ["the-client-secret"])
    assert {call.header("authorization") for call in upstream.requests} == {f"Bearer {TOKEN}"}
    assert TOKEN not in gateway.log
    assert "the-client-secret" not in gateway.log


def test_token_that_the_upstream_echoes_reaches_no_client(gateway, upstream):
    echo = {"error": {"message": f"The token {TOKEN} is not for this resource."}}
    with client_of(gateway, gateway.api_key("root", is_staff=True)) as client:
        wait_for_models(client, "gpt-4o")
        upstream.on("POST", CHAT, json_response(echo, status=400))

        answer = client.post(CHAT, json=chat_body("gpt-4o"))

    assert answer.status_code == 400
    assert "is not for this resource" in answer.text
    assert TOKEN not in answer.text
