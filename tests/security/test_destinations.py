"""Where calls go, and with them the keys: only where an administrator said, and nowhere else."""

import pytest

from tests.support.api import CHAT, chat_body
from tests.support.processes import wait_until
from tests.support.responders import head, raw
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

SECRET = "sk-of-the-old-address"
METADATA_HOSTS = [
    "169.254.169.254",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[::a9fe:a9fe]",
    "[::169.254.169.254]",
    "[::ffff:0:a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[64:ff9b:1:a9fe:a9:fe00::]",
    "[2002:a9fe:a9fe::]",
    "[2001:0:102:304::5601:5601]",
    "[2001:db8::200:5efe:a9fe:a9fe]",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "168.63.129.16",
    "169.254.170.2",
    "100.100.100.200",
]
DISGUISED_HOSTS = ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"]


def is_answered(client, model):
    return client.post(CHAT, json=chat_body(model)).is_success


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("stream", [False, True])
def test_a_redirect_is_not_followed(alice, upstream, status, stream):
    with ScriptedUpstream() as elsewhere:
        location = f"{elsewhere.url}/chat/completions"
        upstream.on("POST", CHAT, raw(head(status, location=location, content_length=0)))
        answer = alice.post(CHAT, json=chat_body("open", stream=stream))
        assert answer.status_code == 502
        assert elsewhere.connections == 0
    assert "location" not in answer.headers
    assert str(elsewhere.port) not in answer.text


def test_a_new_base_url_does_not_inherit_the_key(gateway, root, upstream):
    entry = {"name": "moved", "model_ids": ["moved"]}
    with ScriptedUpstream() as elsewhere:
        gateway.configure(connections=[entry | {"base_url": upstream.url, "keys": [SECRET]}])
        wait_until(lambda: is_answered(root, "moved"), what="the connection")
        assert upstream.calls[-1].header("Authorization") == f"Bearer {SECRET}"
        gateway.configure(connections=[entry | {"base_url": elsewhere.url}])
        wait_until(lambda: is_answered(root, "moved") and elsewhere.calls, what="the move")
        assert {call.header("Authorization") for call in elsewhere.requests} == {None}


def test_a_mask_opens_no_other_url(gateway, root, upstream):
    with ScriptedUpstream() as elsewhere:
        document = root.get("/openai/config").json()
        index = document["OPENAI_API_BASE_URLS"].index(upstream.url)
        form = {"url": elsewhere.url, "key": document["OPENAI_API_KEYS"][index]}
        assert root.post("/openai/verify", json=form).status_code == 400
        document["OPENAI_API_BASE_URLS"][index] = elsewhere.url
        answer = root.post("/openai/config/update", json=document)
        assert answer.status_code == 400
        assert is_answered(root, "open")
        assert {call.header("Authorization") for call in elsewhere.requests} == set()


@pytest.mark.parametrize("host", METADATA_HOSTS)
def test_a_metadata_service_is_not_called(root, host):
    answer = root.post("/openai/verify", json={"url": f"http://{host}/latest", "key": SECRET})
    assert answer.status_code == 400
    assert "metadata service" in answer.text


def test_a_metadata_service_cannot_be_a_connection(gateway, keys):
    file = gateway.directory / "metadata.yaml"
    file.write_text('connections: [{name: metadata, base_url: "http://[::ffff:a9fe:a9fe]/v1"}]')
    done = gateway.manage("import_config", str(file), check=False)
    assert done.returncode != 0
    assert "metadata service" in done.stderr


@pytest.mark.parametrize("host", DISGUISED_HOSTS)
def test_a_metadata_service_in_disguise_is_not_called(root, host):
    answer = root.post("/openai/verify", json={"url": f"http://{host}/latest", "key": SECRET})
    assert answer.status_code == 502
    assert "metadata service" in answer.text
    assert answer.elapsed.total_seconds() < 2
